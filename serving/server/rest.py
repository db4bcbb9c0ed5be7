"""The real server's REST API."""

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Awaitable
from functools import partial
from typing import Final, TypeVar

import grpc
from google.protobuf import json_format
from starlette.requests import Request
from starlette.responses import Response
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse
from tensorflow_serving.apis.input_pb2 import Input
from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.server.body import Bodies
from serving.server.examples import classify, regress
from serving.server.faults import Fault, invalid
from serving.server.json_answer import classes_to_json, to_json, values_to_json
from serving.server.json_examples import input_of
from serving.server.json_request import arrays_of, parse
from serving.server.json_values import MOST_REPEATED
from serving.server.limits import Limits
from serving.server.models import Models
from serving.server.predict import Predictor
from serving.server.servable import SERVING_DEFAULT
from serving.server.work import Workers

Answer = TypeVar("Answer")

_MODEL: Final = r"(?i:/v1/models)/(?P<name>[^/:]+)(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_CALL: Final = re.compile(_MODEL + r":(?P<call>classify|regress|predict)")
_STATUS: Final = re.compile(_MODEL + r"(?P<metadata>/metadata)?")
_ALL_MODELS: Final = re.compile(r"(?i)/v1/models")


class RestApi:
    """Answers everything below ``/v1/``. Nothing that takes time happens in the event loop."""

    def __init__(self, models: Models, predictor: Predictor, workers: Workers, bodies: Bodies, limits: Limits) -> None:
        self._models, self._predictor, self._workers = models, predictor, workers
        self._bodies, self._limits = bodies, limits
        # One document at a time: it takes much more memory than its text, and Python parses no two at once anyway.
        self._reading = threading.Lock()

    async def answer(self, request: Request) -> Response:
        """One request; a fault becomes ``{"error": ...}`` and its status."""
        try:
            text = await self._answer(request)
        except Fault as fault:
            return failed(fault)
        return Response(text, media_type="application/json")

    async def _answer(self, request: Request) -> str:
        path = request.url.path
        if request.url.query:
            path += f"?{request.url.query}"
        if request.method == "POST" and (found := _CALL.fullmatch(path)):
            return await self._call(request, _spec(found), found["call"])
        if request.method == "GET" and _ALL_MODELS.fullmatch(path):
            raise invalid("Missing model name in request.")
        if request.method == "GET" and (found := _STATUS.fullmatch(path)):
            return self._metadata(_spec(found)) if found["metadata"] else self._status(found)
        raise invalid(f"Malformed request: {request.method} {path}")

    async def _call(self, request: Request, spec: ModelSpec, call: str) -> str:
        answer = {"predict": self._predict, "classify": self._classify, "regress": self._regress}[call]
        async with self._bodies.of(request) as body:
            try:
                return await in_time(self._workers.run(answer, spec, body), self._limits)
            except Fault as fault:
                if fault.code is grpc.StatusCode.RESOURCE_EXHAUSTED:  # the real server's REST never says this of itself
                    raise Fault(grpc.StatusCode.UNAVAILABLE, fault.message) from fault
                raise

    def _predict(self, spec: ModelSpec, body: bytearray) -> str:
        with contextlib.ExitStack() as until_answered:
            with self._reading:
                request = parse(body, self._limits.json_parts)
                servable = until_answered.enter_context(self._models.borrowed(spec))
                name, rows = request.signature or SERVING_DEFAULT, request.rows
                if name not in servable.signatures:
                    raise invalid(f'Serving signature name: "{name}" not found in signature def')
                inputs = servable.signatures[name].inputs
                if not inputs:
                    raise invalid(f"Failed to get input map for signature: {request.signature or 'DEFAULT'}")
                arrays = arrays_of(request, inputs)
                del request
            outputs = self._predictor.run(servable, name, arrays)
        return to_json(outputs, rows=rows)

    def _classify(self, spec: ModelSpec, body: bytearray) -> str:
        name, given = self._examples(body)
        with self._models.borrowed(spec) as servable:
            return classes_to_json(classify(name, given, servable.signatures, partial(self._predictor.run, servable)))

    def _regress(self, spec: ModelSpec, body: bytearray) -> str:
        name, given = self._examples(body)
        with self._models.borrowed(spec) as servable:
            return values_to_json(regress(name, given, servable.signatures, partial(self._predictor.run, servable)))

    def _examples(self, body: bytearray) -> tuple[str, Input]:
        with self._reading:
            request = parse(body, self._limits.json_parts)
            return request.signature or SERVING_DEFAULT, input_of(request.whole)

    def _status(self, found: re.Match[str]) -> str:
        """The real server ignores a label here, known or not."""
        version = _number(found["version"]) if found["version"] else None
        statuses = self._models.statuses(found["name"], version)
        return _printed(GetModelStatusResponse(model_version_status=statuses))

    def _metadata(self, spec: ModelSpec) -> str:
        with self._models.borrowed(spec) as servable:
            signatures = SignatureDefMap(signature_def=servable.signatures)
            head = {"name": servable.name, "signature_name": "", "version": str(servable.version)}
        return json.dumps(
            {"model_spec": head, "metadata": {"signature_def": json.loads(_printed(signatures))}}, indent=1
        )


async def in_time(answer: Awaitable[Answer], limits: Limits) -> Answer:
    """The answer, if it comes in the time that there is for one.

    Raises:
        Fault: It does not; in the real server's words.
    """
    try:
        return await asyncio.wait_for(answer, limits.seconds_to_answer)
    except asyncio.TimeoutError as error:
        raise Fault(grpc.StatusCode.DEADLINE_EXCEEDED, "Timed out waiting for notification") from error


def failed(fault: Fault) -> Response:
    """The answer that tells of a fault."""
    # The rest of a body that is too slow would come for ever.
    headers = {"connection": "close"} if fault.http == 408 else None
    text = json.dumps({"error": fault.message})
    return Response(text, fault.http, headers, media_type="application/json")


def _spec(found: re.Match[str]) -> ModelSpec:
    spec = ModelSpec(name=found["name"])
    if found["version"]:
        spec.version.value = _number(found["version"])
    elif found["label"]:
        spec.version_label = found["label"]
    return spec


def _number(digits: str) -> int:
    # Python itself refuses to convert thousands of digits.
    if len(digits.lstrip("0")) > 19 or int(digits.lstrip("0") or "0") >= 1 << 63:
        shown = digits if len(digits) <= MOST_REPEATED else f"{digits[:MOST_REPEATED]}..."
        raise invalid(f"Failed to convert version: {shown} to numeric.")
    return int(digits.lstrip("0") or "0")


def _printed(message: object) -> str:
    text: str = json_format.MessageToJson(
        message, including_default_value_fields=True, preserving_proto_field_name=True, indent=1
    )
    return text
