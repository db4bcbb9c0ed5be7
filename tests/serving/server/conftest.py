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
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from serving.server.configuration import FolderSource, Source
from serving.server.limits import Limits
from serving.server.local_server import LocalServer
from serving.server.sampler import Sampler

Running = Callable[..., Any]


@dataclass
class Served:
    """A running server, and how to ask it."""

    rest_port: int
    grpc_port: int
    said: list[str]
    samples: Path
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
def running(
    source: Source,
    limits: Limits | None = None,
    interval: float = 0.05,
    host: str = "127.0.0.1",
    samples: Path | None = None,
    **options: Any,
) -> Iterator[Served]:
    """A server in a thread with an event loop of its own, on ports that are free."""
    said: list[str] = []
    rest = socket.create_server(("127.0.0.1", 0))
    started, stop = threading.Event(), threading.Event()
    servers: list[LocalServer] = []
    sampler = Sampler(samples, 1.0, said.append, interval=0.05) if samples else None

    async def serve() -> None:
        server = LocalServer(source, rest, host, 0, said.append, limits, interval, sampler=sampler, **options)
        await server.start()
        servers.append(server)
        started.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        assert await server.stop()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(60)
    served = Served(servers[0].rest_port, servers[0].grpc_port, said, samples or Path())
    try:
        yield served
    finally:
        served.close()
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def run_server() -> Running:
    """A context manager: of a source and what else ``LocalServer`` takes it makes a running server."""
    return running


@pytest.fixture(scope="session")
def server(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the model ``cxr``, version 7, for all tests that change nothing; it keeps samples of all films."""
    with running(FolderSource(model_folder.parent), samples=tmp_path_factory.mktemp("samples")) as served:
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


@pytest.fixture(scope="session")
def example_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version of a model that takes tf.Example with the feature ``x``, two floats, and gives them back.

    ``serving_default`` classifies into low and high, ``regress`` gives the first; each other signature is wrong in what
    its name says.
    """
    folder = tmp_path_factory.mktemp("example-model") / "1"
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        examples = v1.placeholder(tf.string, [None], "examples")
        x = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([2], tf.float32)})["x"]
        classes = tf.broadcast_to(tf.constant(["low", "high"]), tf.shape(x))
        tensors = {
            "x": x, "classes": classes, "first": x[:, 0], "column": x[:, :1], "whole": tf.cast(x, tf.int64),
            "other rows": tf.concat([x, x], 0), "three": tf.concat([x, x[:, :1]], 1),
            "whole values": tf.cast(x[:, 0], tf.int64), "more values": tf.concat([x[:, 0], x[:, 0]], 0),
        }  # fmt: skip
        info = {name: v1.saved_model.build_tensor_info(tensor) for name, tensor in tensors.items()}

        def signature(method: str, alias: str = "inputs", **outputs: str) -> Any:
            inputs = {alias: v1.saved_model.build_tensor_info(examples)}
            named = {output: info[tensor] for output, tensor in outputs.items()}
            return v1.saved_model.build_signature_def(inputs, named, f"tensorflow/serving/{method}")

        signatures = {
            "serving_default": signature("classify", classes="classes", scores="x"),
            "labels": signature("classify", classes="classes"),
            "scores": signature("classify", scores="x"),
            "predict": signature("predict", classes="classes", scores="x"),
            "regress": signature("regress", outputs="first"),
            "column": signature("regress", outputs="column"),
            "other input": signature("classify", "examples", classes="classes", scores="x"),
            "other outputs": signature("classify", labels="classes", values="x"),
            "flat": signature("classify", classes="classes", scores="first"),
            "whole": signature("classify", scores="whole"),
            "other rows": signature("classify", classes="classes", scores="other rows"),
            "three": signature("classify", classes="classes", scores="three"),
            "wide": signature("regress", outputs="x"),
            "whole values": signature("regress", outputs="whole values"),
            "more values": signature("regress", outputs="more values"),
        }
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()
    return folder
