"""The real server's gRPC API: its own servicer classes, filled in."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest, ClassificationResponse
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, GetModelStatusResponse
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceServicer
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceServicer
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResponse

from serving.server.examples import classify, regress
from serving.server.faults import Fault, invalid
from serving.server.models import Models
from serving.server.predict import Predictor
from serving.server.servable import SERVING_DEFAULT, Servable
from serving.server.tensors import arrays_of, chosen_outputs, to_tensor
from serving.server.watch import Watch
from serving.server.work import Workers
from trainer.errors import UsageError

#: gRPC carries messages in a header of 8 KiB, which the real server's longest still fit.
_MOST_DETAILS: Final = 4000

Context: TypeAlias = grpc.aio.ServicerContext
Answer = TypeVar("Answer")


async def _abort(context: Context, fault: Fault) -> NoReturn:
    await context.abort(fault.code, fault.message[:_MOST_DETAILS])
    raise AssertionError("abort raises")


async def _unserved(self: object, request: object, context: Context) -> None:
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "not served here; ask Predict")


class PredictionService(PredictionServiceServicer):
    """Predict, Classify, Regress and GetModelMetadata."""

    def __init__(self, models: Models, predictor: Predictor, workers: Workers) -> None:
        self._models, self._predictor, self._workers = models, predictor, workers

    async def Predict(self, request: PredictRequest, context: Context) -> PredictResponse:
        """All outputs of a signature, or those of the filter."""
        return await self._answered(self._predict, request, context)

    async def GetModelMetadata(self, request: GetModelMetadataRequest, context: Context) -> GetModelMetadataResponse:
        """The signatures of a version."""
        return await self._answered(self._metadata, request, context)

    async def Classify(self, request: ClassificationRequest, context: Context) -> ClassificationResponse:
        """Labels and scores of examples."""
        return await self._answered(self._classify, request, context)

    async def Regress(self, request: RegressionRequest, context: Context) -> RegressionResponse:
        """A number for each example."""
        return await self._answered(self._regress, request, context)

    MultiInference = _unserved

    async def _answered(self, answer: Callable[[Any], Answer], request: Any, context: Context) -> Answer:
        try:
            return await self._workers.run(answer, request)
        except Fault as fault:
            return await _abort(context, fault)

    def _predict(self, request: PredictRequest) -> PredictResponse:
        with self._asked(request) as (servable, name):
            signature = servable.signature(name)
            inputs = arrays_of(request.inputs, signature)
            chosen = chosen_outputs(list(request.output_filter), signature)
            outputs = self._predictor.run(servable, name, inputs)
            tensors = {alias: to_tensor(outputs[alias]) for alias in chosen}
            return PredictResponse(outputs=tensors, model_spec=_spec(servable, name))

    def _classify(self, request: ClassificationRequest) -> ClassificationResponse:
        with self._asked(request) as (servable, name):
            result = classify(name, request.input, servable.signatures, partial(self._predictor.run, servable))
            return ClassificationResponse(result=result, model_spec=_spec(servable, name))

    def _regress(self, request: RegressionRequest) -> RegressionResponse:
        with self._asked(request) as (servable, name):
            result = regress(name, request.input, servable.signatures, partial(self._predictor.run, servable))
            return RegressionResponse(result=result, model_spec=_spec(servable, name))

    @contextmanager
    def _asked(self, request: Any) -> Iterator[tuple[Servable, str]]:
        """The version and the signature that a request means."""
        if not request.HasField("model_spec"):
            raise invalid("Missing ModelSpec")
        with self._models.borrowed(request.model_spec) as servable:
            yield servable, request.model_spec.signature_name or SERVING_DEFAULT

    def _metadata(self, request: GetModelMetadataRequest) -> GetModelMetadataResponse:
        if not request.HasField("model_spec"):
            raise invalid("Missing ModelSpec")
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        if unknown := [name for name in request.metadata_field if name != "signature_def"]:
            raise invalid(f"Metadata field {unknown[0]} is not supported")
        with self._models.borrowed(request.model_spec) as servable:
            packed = AnyMessage()
            packed.Pack(SignatureDefMap(signature_def=servable.signatures))
            return GetModelMetadataResponse(metadata={"signature_def": packed}, model_spec=_spec(servable))


class ModelService(ModelServiceServicer):
    """GetModelStatus and HandleReloadConfigRequest.

    Args:
        models: whose status is told.
        watch: says what is served; None where clients may not.
    """

    def __init__(self, models: Models, watch: Watch | None) -> None:
        self._models, self._watch = models, watch

    async def GetModelStatus(self, request: GetModelStatusRequest, context: Context) -> GetModelStatusResponse:
        """The states of a model's versions; a label is ignored, as by the real server."""
        if not request.HasField("model_spec"):
            await _abort(context, invalid("Missing ModelSpec"))
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        try:
            return GetModelStatusResponse(model_version_status=self._models.statuses(spec.name, version))
        except Fault as fault:
            return await _abort(context, fault)

    async def HandleReloadConfigRequest(self, request: ReloadConfigRequest, context: Context) -> ReloadConfigResponse:
        """Other models, all of them or none; answered when they are served."""
        try:
            await self._reload(request)
        except UsageError as error:
            await _abort(context, invalid(str(error)))
        except Fault as fault:
            await _abort(context, fault)
        response = ReloadConfigResponse()
        response.status.SetInParent()  # OK, and said so
        return response

    async def _reload(self, request: ReloadConfigRequest) -> None:
        if self._watch is None:
            raise Fault(
                grpc.StatusCode.PERMISSION_DENIED,
                "other machines reach this server, and may not choose its models; start it with --allow-reload",
            )
        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently "
                "supported"
            )
        await asyncio.wrap_future(self._watch.reload(request.config))


def _spec(servable: Servable, signature: str = "") -> ModelSpec:
    """What answered."""
    spec = ModelSpec(name=servable.name, signature_name=signature)
    spec.version.value = servable.version
    return spec
