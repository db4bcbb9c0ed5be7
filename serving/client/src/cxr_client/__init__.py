"""Asks a served chest X-ray classifier about films, over TF Serving's REST or gRPC, without TensorFlow.

from cxr_client import CxrClient

with CxrClient("grpc://localhost:8500") as client:
    for prediction in client.predict(["film.png", "IM000001.dcm"]):
        print(prediction.name, prediction.label, prediction.score)
"""

from cxr_client._async_client import AsyncCxrClient
from cxr_client._client import CxrClient
from cxr_client._errors import (
    AccessError,
    CxrClientError,
    DeadlineError,
    FilmError,
    FilmErrors,
    NotServedError,
    ReplyError,
    RequestError,
    ServerError,
    UnavailableError,
    UsageError,
)
from cxr_client._films import Film
from cxr_client._options import Limits, Retries, Timeout, Tls
from cxr_client._results import HeatMap, Metadata, Prediction, Signature, Tensor, VersionStatus

__all__ = [
    "AccessError",
    "AsyncCxrClient",
    "CxrClient",
    "CxrClientError",
    "DeadlineError",
    "Film",
    "FilmError",
    "FilmErrors",
    "HeatMap",
    "Limits",
    "Metadata",
    "NotServedError",
    "Prediction",
    "ReplyError",
    "RequestError",
    "Retries",
    "ServerError",
    "Signature",
    "Tensor",
    "Timeout",
    "Tls",
    "UnavailableError",
    "UsageError",
    "VersionStatus",
]
