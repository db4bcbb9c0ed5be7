"""A stand-in for TF Serving with one model, which answers as the real server was seen to.

The model calls a film by its brightness: score = mean grey level / 255, threshold 0.5.
"""

import base64
import io
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import httpx
import numpy as np
from PIL import Image

from cxr_client import _messages, _tensors

CLASSES = ("covid", "healthy")
VERSION = 7
#: A film that holds this passes as one and then breaks the decoder, and with it its whole request.
POISON = b"the decoder stumbles here"
DECODER = "Invalid PNG data, size 1000\n\t [[{{function_node map_while_body_3669}}{{node map/while/DecodeImage}}]]"
TOO_MANY = "Task size {} is larger than maximum input batch size {}"


class Refused(Exception):
    """gRPC code, HTTP status, message."""


@dataclass
class StubModel:
    """The model, what it was asked, and what it is to say instead of an answer.

    Attributes:
        requests: (signature, number of films, header) of each request.
        refusals: raised one after another by the next requests.
        at_once: films that are taken in one request.
        score: overrules the brightness.
        threshold: None for a model of a time when replies did not say it.
    """

    requests: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    at_once: int = 32
    score: float | None = None
    threshold: float | None = 0.5

    def rows(self, films: Sequence[bytes], signature: str, header: dict[str, str]) -> list[dict[str, Any]]:
        self.requests.append((signature, len(films), header))
        assert films, "an empty batch kills a server that batches"
        if self.refusals:
            raise self.refusals.pop(0)
        if len(films) > self.at_once:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, 400, TOO_MANY.format(len(films), self.at_once))
        if any(POISON in film for film in films):
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, 400, DECODER)
        return [self._row(film, explain=signature == "explain") for film in films]

    def _row(self, film: bytes, *, explain: bool) -> dict[str, Any]:
        try:
            levels = np.asarray(Image.open(io.BytesIO(film)).convert("L"))
            score, error = float(np.float32(levels.mean() / 255)), ""
        except OSError:
            score, error = -1.0, "not a JPEG, PNG, GIF or BMP file"
        if self.score is not None:
            score = self.score
        heat = io.BytesIO()
        Image.fromarray(np.tile(np.arange(16, dtype=np.uint8) * 17, (16, 1))).save(heat, "PNG")
        row = {
            "probabilities": [0.0, 0.0] if error else [score, 1 - score],
            "classes": list(CLASSES),
            "label": "invalid" if error else CLASSES[score < 0.5],
            "score": score,
            "positive": score >= 0.5,
            "valid": not error,
            "error": error,
        } | ({} if self.threshold is None else {"threshold": self.threshold})
        return {**row, "heatmap": [[0.0, 1.0]], "heatmap_png_bytes": heat.getvalue()} if explain else row


def films_of(request: httpx.Request) -> tuple[list[bytes], str]:
    asked = json.loads(request.content)
    assert asked.keys() == {"signature_name", "instances"}
    return [base64.b64decode(row["image_bytes"]["b64"], validate=True) for row in asked["instances"]], asked[
        "signature_name"
    ]


def rest(model: StubModel) -> Callable[[httpx.Request], httpx.Response]:
    """Answers REST requests, keys in random order as the real server does."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith(":predict"):
            assert path == "/v1/models/cxr:predict"
            films, signature = films_of(request)
            try:
                rows = [_in_disorder(row) for row in model.rows(films, signature, dict(request.headers))]
            except Refused as refused:
                return httpx.Response(refused.args[1], json={"error": refused.args[2]})
            return httpx.Response(200, text=json.dumps({"predictions": rows}))
        raise AssertionError(path)

    return answer


def _in_disorder(row: dict[str, Any]) -> dict[str, Any]:
    named = {
        name: {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in row.items()
    }
    names = list(named)
    random.shuffle(names)
    return {name: named[name] for name in names}


@contextmanager
def http_server(model: StubModel) -> Iterator[int]:
    """A REST server on a free port of this machine."""
    answer = rest(model)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            reply = answer(httpx.Request("POST", f"http://stub{self.path}", content=content))
            self.send_response(reply.status_code)
            self.end_headers()
            self.wfile.write(reply.content)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def grpc_server(model: StubModel, credentials: Any = None) -> Iterator[int]:
    """A server on a free port of this machine."""

    def predict(content: bytes, context: grpc.ServicerContext) -> bytes:
        request = _messages.PredictRequest.FromString(content)
        (entry,) = request.inputs
        assert entry.key == "image_bytes"
        header = {key: str(value) for key, value in context.invocation_metadata()}
        try:
            rows = model.rows(entry.value.string_val, request.model_spec.signature_name, header)
        except Refused as refused:
            context.abort(refused.args[0], refused.args[2])
        reply = _messages.PredictResponse(model_spec=request.model_spec)
        reply.model_spec.version.value = VERSION
        for name in rows[0]:
            reply.outputs.add(key=name, value=_tensor([row[name] for row in rows]))
        return bytes(reply.SerializeToString())

    def status(content: bytes, context: grpc.ServicerContext) -> bytes:
        reply = _messages.GetModelStatusResponse()
        for version, state in ((VERSION - 1, 50), (VERSION, 30)):
            reply.model_version_status.add(version=version, state=state)
        return bytes(reply.SerializeToString())

    def metadata(content: bytes, context: grpc.ServicerContext) -> bytes:
        if model.refusals:
            refused = model.refusals.pop(0)
            context.abort(refused.args[0], refused.args[2])
        map_ = _messages.SignatureDefMap()
        for name in ("serving_default", "__saved_model_init_op"):
            signature = map_.signature_def.add(key=name).value
            shape = signature.inputs.add(key="image_bytes").value
            shape.dtype = 7
            shape.tensor_shape.dim.add(size=-1)
        reply = _messages.GetModelMetadataResponse()
        reply.model_spec.version.value = VERSION
        reply.metadata.add(key="signature_def").value.value = map_.SerializeToString()
        return bytes(reply.SerializeToString())

    server = grpc.server(ThreadPoolExecutor(4))
    for service, methods in (
        ("tensorflow.serving.PredictionService", {"Predict": predict, "GetModelMetadata": metadata}),
        ("tensorflow.serving.ModelService", {"GetModelStatus": status}),
    ):
        handlers = {name: grpc.unary_unary_rpc_method_handler(method) for name, method in methods.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = (
        server.add_insecure_port("127.0.0.1:0")
        if credentials is None
        else server.add_secure_port("localhost:0", credentials)
    )
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


def _tensor(values: list[Any]) -> Any:
    array = np.array(values, object)
    flat = array.ravel().tolist()
    if isinstance(flat[0], str | bytes):
        tensor = _tensors.of_strings([value.encode() if isinstance(value, str) else value for value in flat])
        del tensor.tensor_shape.dim[:]
    elif isinstance(flat[0], bool):
        tensor = _messages.Tensor(dtype=10, bool_val=flat)
    else:
        tensor = _messages.Tensor(dtype=1, float_val=flat)
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor
