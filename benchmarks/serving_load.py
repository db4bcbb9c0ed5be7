"""Whether ``cxr serve`` loses a request, or gives a wrong answer, under load and while versions change.

::

    python -m benchmarks.serving_load --minutes 30 [--connections 8] [--model FOLDER]

Exports an untrained network, or copies a version's folder, as versions 1, 2 and 3, starts ``cxr serve`` in a process of
its own, and asks it over gRPC and REST from as many threads as connections: one to four films of mixed sizes and
formats at once, one film in a hundred broken, one request in five with heat maps. Version 2 is pushed after a third of
the time, version 3 after two thirds. Every answer is compared with one that was computed beforehand, without a server;
nothing is tried again, so that a request without an answer is a lost one. Writes ``serving_load.json`` beside this
file, or into the folder of ``--output``, and prints a table.
"""

import argparse
import base64
import datetime
import importlib.metadata
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import grpc
import httpx
import numpy as np
import psutil
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from benchmarks.served import SECONDS_TO_LOAD, SEED, draw, export_untrained, serving, untrained, wait_until_served
from serving.server.servable import Servable
from serving.server.tensors import bytes_array
from trainer.warm_up import write_warm_up

HERE: Final = Path(__file__).parent
#: Shorter side of the films in pixels, and how often each is asked for.
SIDES: Final = {64: 4, 300: 4, 1000: 2, 2500: 1}
KINDS: Final = ("PNG", "JPEG", "BMP")
BROKEN: Final = 0.01
EXPLAINED: Final = 0.2
MOST_FILMS: Final = 4
TOLERANCE: Final = 1e-5


@dataclass(frozen=True)
class Film:
    """A film and its answer. A broken one has ``is_valid`` false and score -1."""

    content: bytes
    is_valid: bool
    score: float


@dataclass
class Tally:
    """What one connection has seen."""

    seconds: list[float] = field(default_factory=list)
    films: int = 0
    broken: int = 0
    versions: set[int] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def films_of(version: Path, sides: Mapping[int, int], per_side: int) -> tuple[list[Film], list[Film]]:
    """Good films, each as often as ``sides`` says, and broken ones, with their answers computed without a server."""
    rng = np.random.default_rng(SEED)
    contents = [draw(rng, side, KINDS[index % len(KINDS)]) for side in sides for index in range(per_side)]
    servable = Servable("load", 1, version)
    scores = [
        float(servable.run("serving_default", {"image_bytes": bytes_array([one])})["score"][0]) for one in contents
    ]
    servable.close()
    if np.diff(np.sort(scores)).min() < 2 * TOLERANCE:
        raise RuntimeError(f"films with the same score: {scores}; a mix-up of answers would not be seen")
    weights = [weight for weight in sides.values() for _ in range(per_side)]
    good = [Film(*one) for one in zip(contents, [True] * len(contents), scores, strict=True)]
    jpegs = [one for one in contents if one.startswith((b"\xff\xd8", b"\x89PNG"))]
    broken = [b"", b"no film at all", *(one[: len(one) * 2 // 3] for one in jpegs)]
    return [film for film, weight in zip(good, weights, strict=True) for _ in range(weight)], [
        Film(one, False, -1.0) for one in broken
    ]


class Connection(threading.Thread):
    """One client, which asks for request after request; every other one by gRPC.

    Args:
        number: of the connection; even ones ask by gRPC.
        ports: of gRPC and of REST.
        films: good ones and broken ones.
        ended: set when it is to end.
    """

    def __init__(
        self, number: int, ports: tuple[int, int], films: tuple[list[Film], list[Film]], ended: threading.Event
    ) -> None:
        super().__init__(name=f"connection {number}")
        self.tally = Tally()
        self._by_grpc = number % 2 == 0
        self._ports, (self._good, self._broken), self._ended = ports, films, ended
        self._random = random.Random(SEED + number)

    def run(self) -> None:
        """Asks until it is told to stop."""
        channel = grpc.insecure_channel(f"127.0.0.1:{self._ports[0]}", [("grpc.max_send_message_length", -1)])
        stub = PredictionServiceStub(channel)
        with httpx.Client(base_url=f"http://127.0.0.1:{self._ports[1]}", timeout=120, trust_env=False) as http, channel:
            while not self._ended.is_set():
                films = [self._film() for _ in range(self._random.randint(1, MOST_FILMS))]
                signature = "explain" if self._random.random() < EXPLAINED else "serving_default"
                begun = time.perf_counter()
                try:
                    answers = _ask_grpc(stub, films, signature, self.tally) if self._by_grpc else _ask_rest(
                        http, films, signature
                    )  # fmt: skip
                except (grpc.RpcError, httpx.HTTPError, RuntimeError) as error:
                    self.tally.lost.append(f"{type(error).__name__}: {error}"[:300])
                    continue
                self.tally.seconds.append(time.perf_counter() - begun)
                self._compare(films, answers)

    def _film(self) -> Film:
        return self._random.choice(self._broken if self._random.random() < BROKEN else self._good)

    def _compare(self, films: Sequence[Film], answers: Sequence[tuple[bool, float]]) -> None:
        self.tally.films += len(films)
        self.tally.broken += sum(not film.is_valid for film in films)
        told = [(film.is_valid, film.score) for film in films]
        if len(told) != len(answers) or any(
            one[0] != other[0] or abs(one[1] - other[1]) > TOLERANCE for one, other in zip(told, answers, strict=True)
        ):
            self.tally.wrong.append(f"{told} was answered {answers}")


def _ask_grpc(stub: Any, films: Sequence[Film], signature: str, tally: Tally) -> list[tuple[bool, float]]:
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "load", signature
    request.output_filter.extend(["valid", "score"])
    tensor = request.inputs["image_bytes"]
    tensor.dtype = 7  # DT_STRING
    tensor.tensor_shape.dim.add(size=len(films))
    tensor.string_val.extend(film.content for film in films)
    reply = stub.Predict(request, timeout=120)
    tally.versions.add(reply.model_spec.version.value)
    return list(zip(reply.outputs["valid"].bool_val, reply.outputs["score"].float_val, strict=True))


def _ask_rest(http: httpx.Client, films: Sequence[Film], signature: str) -> list[tuple[bool, float]]:
    instances = [{"b64": base64.b64encode(film.content).decode("ascii")} for film in films]
    reply = http.post("/v1/models/load:predict", json={"signature_name": signature, "instances": instances})
    if reply.status_code != 200:
        raise RuntimeError(f"{reply.status_code} {reply.text[:200]}")
    return [(row["valid"], row["score"]) for row in reply.json()["predictions"]]


def push(version: Path, models: Path, number: int) -> None:
    """Publishes a version by rename."""
    draft = models / "load" / f".{number}"
    shutil.copytree(version, draft)
    draft.rename(models / "load" / str(number))


def load(
    seconds: float, connections: int, model: Path | None, sides: Mapping[int, int] = SIDES, per_side: int = 3
) -> Mapping[str, Any]:
    """Runs the whole test; returns its figures.

    Args:
        seconds: how long it asks.
        connections: clients at once.
        model: a version's folder; None for an untrained network.
        sides: shorter side of a film in pixels -> how often it is asked for.
        per_side: different films of each.
    """
    tf.get_logger().setLevel("ERROR")  # the loader of TensorFlow 1 is deprecated
    with tempfile.TemporaryDirectory() as folder:
        version, models = Path(folder, "version"), Path(folder, "models")
        if model:
            shutil.copytree(model, version)
        else:
            export_untrained(untrained("cnn", 64), version)
            write_warm_up(version, 64)
        films = films_of(version, sides, per_side)
        push(version, models, 1)
        with serving(models) as (process, ports):
            wait_until_served(ports[1], 1)
            figures = _measured(seconds, connections, films, ports, process.pid, lambda n: push(version, models, n))
        return {**figures, "exit_code": process.returncode}


def _measured(
    seconds: float,
    connections: int,
    films: tuple[list[Film], list[Film]],
    ports: tuple[int, int],
    pid: int,
    publish: Any,
) -> Mapping[str, Any]:
    stop, server, memory = threading.Event(), psutil.Process(pid), []
    clients = [Connection(number, ports, films, stop) for number in range(connections)]

    def seen(version: int) -> bool:
        return any(version in client.tally.versions for client in clients)

    begun = time.monotonic()
    for client in clients:
        client.start()
    swaps = [(seconds / 3, 2), (2 * seconds / 3, 3)]
    newest = 1
    # The time, or on a slow machine as long as the last version needs to answer.
    while (passed := time.monotonic() - begun) < seconds or (not seen(3) and passed < seconds + SECONDS_TO_LOAD):
        if swaps and passed >= swaps[0][0] and seen(newest):
            newest = swaps.pop(0)[1]
            publish(newest)
        memory.append({"second": round(passed, 1), "megabytes": round(server.memory_info().rss / 2**20, 1)})
        time.sleep(min(max(seconds / 200, 0.25), 10))
    stop.set()
    for client in clients:
        client.join()
    took = time.monotonic() - begun
    tallies = [client.tally for client in clients]
    times = np.array([second for tally in tallies for second in tally.seconds] or [np.nan]) * 1000
    # What the first fifth of the time allocates is warm-up: executors, arenas of threads, the first large films.
    settled = [one["megabytes"] for one in memory[len(memory) // 5 :]]
    return {
        "seconds": round(took, 1),
        "connections": connections,
        "requests": sum(len(tally.seconds) for tally in tallies),
        "films": sum(tally.films for tally in tallies),
        "broken_films": sum(tally.broken for tally in tallies),
        "versions": sorted(set().union(*(tally.versions for tally in tallies))),
        "lost": [line for tally in tallies for line in tally.lost],
        "wrong": [line for tally in tallies for line in tally.wrong],
        "milliseconds": {f"p{p}": round(float(np.percentile(times, p)), 1) for p in (50, 95, 99, 100)},
        "megabytes_settled": {"first": settled[0], "last": settled[-1], "most": max(settled)} if settled else {},
        "memory": memory,
    }


def table(figures: Mapping[str, Any]) -> str:
    """The figures for a person."""
    times, memory = figures["milliseconds"], figures["megabytes_settled"]
    rows = {
        "time, connections": f"{figures['seconds']} s, {figures['connections']}",
        "requests, films": f"{figures['requests']}, {figures['films']} of which {figures['broken_films']} broken",
        "versions that answered": ", ".join(map(str, figures["versions"])),
        "lost requests": len(figures["lost"]),
        "wrong answers": len(figures["wrong"]),
        "milliseconds": f"p50 {times['p50']}, p95 {times['p95']}, p99 {times['p99']}, longest {times['p100']}",
        "memory of the server, MB": f"{memory['first']} after a fifth, {memory['last']} at the end, "
        f"{memory['most']} at most",
        "exit code on SIGINT": figures["exit_code"],
    }
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


def main() -> None:
    """Runs it and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long")
    parser.add_argument("--connections", type=int, default=8, help="clients at once")
    parser.add_argument("--model", type=Path, help="a version's folder in place of an untrained cnn")
    parser.add_argument("--output", type=Path, default=HERE, help="folder for serving_load.json")
    arguments = parser.parse_args()
    figures = load(60 * arguments.minutes, arguments.connections, arguments.model)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("tensorflow", "grpcio", "uvicorn"))
    about = {
        "date": datetime.date.today().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "versions": versions,
        "model": "given" if arguments.model else "untrained cnn, 64 px",
        "seed": SEED,
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"about": about, **figures}, indent=1)
    (arguments.output / "serving_load.json").write_text(text + "\n", "utf-8")
    print(table(figures))
    if figures["lost"] or figures["wrong"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
