"""A model that answers in this process, and films to ask it about."""

import io
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest
from PIL import Image

from cxr_client import CxrClient, Retries
from tests.serving.client.stub import StubModel, grpc_server, rest

#: So that no test waits.
AT_ONCE = Retries(base=0, cap=0)


def film(level: int, side: int = 32, extra: bytes = b"") -> bytes:
    """A PNG file of one grey level."""
    stream = io.BytesIO()
    Image.fromarray(np.full((side, side), level, np.uint8)).save(stream, "PNG")
    return stream.getvalue() + extra


@pytest.fixture
def model() -> StubModel:
    return StubModel()


@pytest.fixture(params=["rest", "grpc"])
def client(request: pytest.FixtureRequest, model: StubModel) -> Iterator[Callable[..., CxrClient]]:
    """Makes clients of the model, over each protocol."""
    if request.param == "rest":
        yield lambda **options: CxrClient(
            "http://stub", transport=httpx.MockTransport(rest(model)), **{"retries": AT_ONCE, **options}
        )
        return
    with grpc_server(model) as port:
        yield lambda **options: CxrClient(f"grpc://127.0.0.1:{port}", **{"retries": AT_ONCE, **options})
