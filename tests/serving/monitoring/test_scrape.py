"""Prometheus and blackbox exporter on the delivered files, where they are installed, and a stand-in for TF Serving."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.serving.monitoring.files import JOBS, MONITORING, PANELS
from tests.serving.monitoring.metrics import METRICS, page

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("monitoring")]

MODEL = {"model_name": "cxr"}
VERSION = {"model_path": "/models/cxr/1700000000"}


@dataclass
class Server:
    """What TF Serving and the proxy answer; counts grow with every look at them."""

    state: str = "AVAILABLE"
    looks: int = 0
    seen: set[str] = field(default_factory=set)

    def metrics(self) -> str:
        self.looks += 1
        many = [40_000.0] * self.looks
        return page(
            {
                ":tensorflow:serving:request_count": [
                    ({**MODEL, "status": status}, [1.0] * self.looks) for status in ("OK", "NOT_FOUND", "UNAVAILABLE")
                ],
                ":tensorflow:serving:request_latency": [
                    ({**MODEL, "API": api, "entrypoint": entrypoint}, many)
                    for api, entrypoint in (("predict", "REST"), ("Predict", "GRPC"), ("", "REST"))
                ],
                ":tensorflow:serving:runtime_latency": [({**MODEL, "API": "Predict", "runtime": "TF1"}, many)],
                ":tensorflow:serving:batching_session:queuing_latency": [({"thread_pool_name": "cxr_batches"}, many)],
                ":tensorflow:serving:batching_session:wrapped_run_count": [({}, [1.0] * self.looks)],
                ":tensorflow:serving:model_warmup_latency": [({**VERSION, "status": "OK"}, [4e6])],
                ":tensorflow:cc:saved_model:load_attempt_count": [
                    ({**VERSION, "status": status}, [1.0]) for status in ("success", "fail")
                ],
                ":tensorflow:cc:saved_model:load_latency": [(VERSION, [3e6])],
            }
        )

    def answer(self, path: str) -> tuple[int, str, str]:
        self.seen.add(path)
        if path == JOBS["cxr"]["metrics_path"]:
            return 200, "text/plain", self.metrics()
        if path == "/healthz":
            return (200 if self.state == "AVAILABLE" else 503), "text/plain", "ok\n"
        return 200, "application/json", json.dumps({"model_version_status": [{"state": self.state}]}, indent=1)


@dataclass(frozen=True)
class Prometheus:
    port: int
    server: Server

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The vector of an instant query."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/api/v1/query?" + urlencode({"query": query}))
            reply = json.loads(connection.getresponse().read())
        except OSError:
            return []
        finally:
            connection.close()
        assert reply["status"] == "success", reply
        return list(reply["data"]["result"])

    def wait_for(self, query: str) -> list[dict[str, Any]]:
        until = time.monotonic() + 30
        while not (found := self.ask(query)) and time.monotonic() < until:
            time.sleep(0.2)
        return found


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not here: apt-get install {package}")
    return found


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Server, int]]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, text = state.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            return

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield state, listener.server_port
    listener.shutdown()
    listener.server_close()


@pytest.fixture(scope="module")
def prometheus(server: tuple[Server, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Both programs on copies of the files, with this machine's ports and once a second instead of every 15 s."""
    binaries = [
        program("prometheus", "prometheus"),
        program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter"),
    ]
    folder = tmp_path_factory.mktemp("prometheus")
    ports = [free(), free()]
    for file in (MONITORING / "prometheus").iterdir():
        text = file.read_text(encoding="utf-8")
        for given, here in (
            ("tensorflow:8501", f"127.0.0.1:{server[1]}"), ("proxy:8501", f"127.0.0.1:{server[1]}"),
            ("probes:9115", f"127.0.0.1:{ports[1]}"), ("_interval: 15s", "_interval: 1s"),
            ("scrape_timeout: 12s", "scrape_timeout: 1s"),
        ):  # fmt: skip
            text = text.replace(given, here)
        (folder / file.name).write_text(text, encoding="utf-8")
    commands: list[list[Any]] = [
        [
            binaries[0], f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
        ],
        [
            binaries[1], f"--config.file={MONITORING / 'probes' / 'probes.yml'}",
            f"--web.listen-address=127.0.0.1:{ports[1]}",
        ],
    ]  # fmt: skip
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))
        for command in commands:
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.terminate)
        asked = Prometheus(ports[0], server[0])
        assert asked.wait_for("cxr:requests_failed:rate5m > 0"), (folder / "log").read_text()
        yield asked


def test_every_target_answers(prometheus: Prometheus) -> None:
    assert prometheus.wait_for("sum(up) == 3")
    assert prometheus.wait_for("sum(probe_success) == 2")
    up = {one["metric"]["job"]: one["metric"]["instance"] for one in prometheus.ask("up")}
    assert up.keys() == JOBS.keys()
    assert up["cxr-proxy"].endswith("/healthz")
    assert prometheus.server.seen == {JOBS["cxr"]["metrics_path"], "/v1/models/cxr", "/healthz"}


def test_every_metric_of_the_list_arrives(prometheus: Prometheus) -> None:
    for name, metric in METRICS.items():
        (found, *_) = prometheus.ask(f"{name}{metric.suffixes[-1]}")
        assert metric.labels <= found["metric"].keys() | {"API"}  # an empty label is none


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_every_query_of_the_dashboard_finds_something(prometheus: Prometheus, panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        query = target["expr"].replace("$__rate_interval", "1m")
        if query.startswith("ALERTS"):
            assert prometheus.ask(query) == []
            query = re.sub("firing", "pending", query)
            prometheus.server.state = "END"
        found = prometheus.wait_for(query)
        prometheus.server.state = "AVAILABLE"
        assert found, query
        for one in found:
            assert float(one["value"][1]) == float(one["value"][1]), query  # NaN is none


def test_a_model_without_a_version_is_seen(prometheus: Prometheus) -> None:
    prometheus.server.state = "END"
    try:
        assert prometheus.wait_for('ALERTS{alertname="CxrNoVersion", alertstate="pending"}')
        assert {one["value"][1] for one in prometheus.ask("probe_success")} == {"0"}
    finally:
        prometheus.server.state = "AVAILABLE"
