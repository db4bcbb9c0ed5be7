"""What the load test and the claims of serving share: an untrained network, a drawn film, the server's process."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import httpx
import keras
import numpy as np
from PIL import Image

from pipeline.sample.anatomy import Patient, draw_film
from trainer.export import export
from trainer.model import Classifier, build_classifier, build_extractor
from trainer.settings import BackboneName, TrainerSettings
from trainer.signatures import Decision

SEED: Final = 11
SECONDS_TO_LOAD: Final = 300


def draw(rng: np.random.Generator, side: int, kind: str) -> bytes:
    """A drawn film, encoded; ``side`` is its shorter."""
    film = draw_film(
        rng, Patient.draw(rng), view="PA", opacities=bool(rng.integers(2)), height=side * 6 // 5, width=side
    )
    stream = io.BytesIO()
    Image.fromarray(film).save(stream, kind)
    return stream.getvalue()


def untrained(backbone: BackboneName, image_size: int) -> Classifier:
    """An untrained network, the same at every call, whose scores differ from film to film."""
    keras.utils.set_random_seed(SEED)
    settings = TrainerSettings(backbone=backbone, weights="random")
    classifier = build_classifier(settings, build_extractor(settings, image_size), 2)
    for weight in classifier.head.weights:
        if "probabilities/kernel" in weight.path:
            weight.assign(weight * 100)  # so that a mix-up is seen
    return classifier


def export_untrained(classifier: Classifier, folder: Path) -> None:
    """Writes it as a version."""
    export(classifier, Decision(("covid", "healthy"), "covid", 0.5), folder)


@contextmanager
def serving(models: Path) -> Iterator[tuple["subprocess.Popen[str]", tuple[int, int]]]:
    """A server in a process of its own, and its ports of gRPC and REST."""
    program = "from cxr.main import main; main()"
    options = ["serve", "--models", str(models), "--grpc-port", "0", "--rest-port", "0"]
    with subprocess.Popen([sys.executable, "-c", program, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = {name: rest for name, _, rest in (process.stdout.readline().partition(" ") for _ in range(3))}
        try:
            yield process, (int(lines["gRPC"].rsplit(":", 1)[1]), int(lines["page"].rstrip("/\n").rsplit(":", 1)[1]))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def wait_until_served(port: int, version: int, seconds: float = SECONDS_TO_LOAD) -> None:
    """Until a version is available.

    Raises:
        RuntimeError: It is not, after so many seconds.
    """
    url, end = f"http://127.0.0.1:{port}/v1/models/load/versions/{version}", time.monotonic() + seconds
    while time.monotonic() < end:
        reply = httpx.get(url, trust_env=False).json()
        if any(one["state"] == "AVAILABLE" for one in reply.get("model_version_status", [])):
            return
        time.sleep(0.2)
    raise RuntimeError(f"version {version} is not served after {seconds} s")
