"""The local server in a thread of the tests, asked over real sockets."""

import asyncio
import base64
import io
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
import pytest
from PIL import Image
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from serving.server.configuration import FolderSource, Source
from serving.server.limits import Limits
from serving.server.local_server import LocalServer

Running = Callable[..., Any]


@dataclass
class Served:
    """A running server, and how to ask it."""

    rest_port: int
    grpc_port: int
    said: list[str]
    http: httpx.Client = field(init=False)
    channel: grpc.Channel = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.rest_port}"
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        options = [("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.grpc_port}", options=options)
        self.predictions = PredictionServiceStub(self.channel)
        self.models = ModelServiceStub(self.channel)

    def post(self, body: Any, path: str = "/v1/models/cxr:predict") -> httpx.Response:
        """JSON as it is given, or bytes."""
        if isinstance(body, (bytes, str)):
            return self.http.post(path, content=body)
        return self.http.post(path, json=body)

    def predict(self, *films: bytes, timeout: float = 60, **spec: Any) -> predict_pb2.PredictResponse:
        """gRPC, on ``image_bytes``."""
        return self.predictions.Predict(request_of(*films, **spec), timeout=timeout)

    def wait_for(self, what: Callable[[], bool], seconds: float = 30) -> None:
        """Until it is true."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.said
            time.sleep(0.02)

    def states(self, model: str = "cxr") -> dict[str, str]:
        """Version -> state, over REST."""
        reply = self.http.get(f"/v1/models/{model}").json()
        return {one["version"]: one["state"] for one in reply.get("model_version_status", [])}

    def close(self) -> None:
        self.http.close()
        self.channel.close()


def request_of(*films: bytes, name: str = "cxr", signature: str = "", **spec: Any) -> predict_pb2.PredictRequest:
    """A Predict request; ``version`` and ``label`` in ``spec``."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    if "version" in spec:
        request.model_spec.version.value = spec["version"]
    if "label" in spec:
        request.model_spec.version_label = spec["label"]
    tensor = request.inputs["image_bytes"]
    tensor.dtype = 7  # DT_STRING
    tensor.tensor_shape.dim.add(size=len(films))
    tensor.string_val.extend(films)
    return request


def as_base64(film: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(film).decode()}


@contextmanager
def running(source: Source, limits: Limits | None = None, interval: float = 0.05) -> Iterator[Served]:
    """A server in a thread with an event loop of its own, on ports that are free."""
    said: list[str] = []
    rest = socket.create_server(("127.0.0.1", 0))
    started, stop = threading.Event(), threading.Event()
    servers: list[LocalServer] = []

    async def serve() -> None:
        server = LocalServer(source, rest, "127.0.0.1", 0, said.append, limits, interval)
        await server.start()
        servers.append(server)
        started.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        assert await server.stop()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(60)
    served = Served(servers[0].rest_port, servers[0].grpc_port, said)
    try:
        yield served
    finally:
        served.close()
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def run_server() -> Running:
    """A context manager: of a source and limits it makes a running server."""
    return running


@pytest.fixture(scope="session")
def server(model_folder: Path) -> Iterator[Served]:
    """A server of the model ``cxr``, version 7, for all tests that change nothing."""
    with running(FolderSource(model_folder.parent)) as served:
        served.wait_for(lambda: served.states().get("7") == "AVAILABLE")
        yield served


@pytest.fixture(scope="session")
def film() -> bytes:
    """A PNG of noise, 50 x 40."""
    return draw(0)


@pytest.fixture(scope="session")
def three_films() -> list[bytes]:
    return [draw(1), draw(2, "JPEG", (300, 200)), draw(3, "BMP")]


def draw(seed: int, kind: str = "PNG", size: tuple[int, int] = (50, 40)) -> bytes:
    """A film of noise, encoded."""
    noise = np.random.default_rng(seed).integers(256, size=(size[1], size[0]), dtype=np.uint8)
    return encoded(Image.fromarray(noise), kind)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def push(model_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """Publishes the model under a version's number, by rename, into ``tmp_path/models/NAME``; returns its folder."""

    def publish(version: int | str, name: str = "cxr", change: Callable[[Path], None] | None = None) -> Path:
        final = tmp_path / "models" / name / str(version)
        draft = final.parent / f".{version}"
        shutil.copytree(model_folder / "7", draft)
        if change:
            change(draft)
        draft.rename(final)
        return final

    return publish
