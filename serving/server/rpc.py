"""The real server's gRPC API: its own servicer classes, filled in."""

from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, GetModelStatusResponse
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceServicer
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceServicer

from serving.server.faults import Fault, invalid
from serving.server.models import Models
from serving.server.predict import Predictor
from serving.server.servable import SERVING_DEFAULT
from serving.server.tensors import arrays_of, chosen_outputs, to_tensor
from serving.server.work import Workers

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
    """Predict and GetModelMetadata."""

    def __init__(self, models: Models, predictor: Predictor, workers: Workers) -> None:
        self._models, self._predictor, self._workers = models, predictor, workers

    async def Predict(self, request: PredictRequest, context: Context) -> PredictResponse:
        """All outputs of a signature, or those of the filter."""
        return await self._answered(self._predict, request, context)

    async def GetModelMetadata(self, request: GetModelMetadataRequest, context: Context) -> GetModelMetadataResponse:
        """The signatures of a version."""
        return await self._answered(self._metadata, request, context)

    Classify = Regress = MultiInference = _unserved

    async def _answered(self, answer: Callable[[Any], Answer], request: Any, context: Context) -> Answer:
        try:
            return await self._workers.run(answer, request)
        except Fault as fault:
            return await _abort(context, fault)

    def _predict(self, request: PredictRequest) -> PredictResponse:
        with self._models.borrowed(request.model_spec) as servable:
            name = request.model_spec.signature_name or SERVING_DEFAULT
            signature = servable.signature(name)
            inputs = arrays_of(request.inputs, signature)
            chosen = chosen_outputs(list(request.output_filter), signature)
            outputs = self._predictor.run(servable, name, inputs)
            response = PredictResponse(outputs={alias: to_tensor(outputs[alias]) for alias in chosen})
            response.model_spec.name = servable.name
            response.model_spec.version.value = servable.version
            response.model_spec.signature_name = name
        return response

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
            response = GetModelMetadataResponse(metadata={"signature_def": packed})
            response.model_spec.name = servable.name
            response.model_spec.version.value = servable.version
        return response


class ModelService(ModelServiceServicer):
    """GetModelStatus."""

    def __init__(self, models: Models) -> None:
        self._models = models

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

    HandleReloadConfigRequest = _unserved
