"""The delivered files: each is what its reader takes, and all of them speak of the same ports, paths and model."""

import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from cxr_client import Limits
from pipeline.settings import load_settings
from serving.model_config import FILE_NAME, read_config

SERVING = Path(__file__).parents[3] / "serving"
CONFIG = SERVING / "config"
COMPOSE_FILE = SERVING / "compose.yaml"
COMPOSE = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = {name: service for name, service in SERVICES.items() if name.startswith("tensorflow-")}
NGINX = (CONFIG / "nginx.conf").read_text(encoding="utf-8")
PORTS = [(CONFIG / name).read_text(encoding="utf-8") for name in ("rest_port.conf", "grpc_port.conf")]
(MODEL,) = read_config(CONFIG / FILE_NAME).model_config_list.config

INT, BOOL, STRING = "google.protobuf.Int64Value", "google.protobuf.BoolValue", "google.protobuf.StringValue"
#: The API's package has the messages of the model config only. These two are written anew from TF Serving's
#: session_bundle_config.proto and monitoring_config.proto: name -> type; * = repeated int64.
BATCHING = {
    "max_batch_size": INT,
    "batch_timeout_micros": INT,
    "max_enqueued_batches": INT,
    "num_batch_threads": INT,
    "thread_pool_name": STRING,
    "allowed_batch_sizes": "*",
    "pad_variable_length_inputs": "bool",
    "enable_large_batch_splitting": BOOL,
    "max_execution_batch_size": INT,
}
PROMETHEUS = {"enable": "bool", "path": "string"}
MONITORING = {"prometheus_config": ".cxr.test.Prometheus"}


@pytest.fixture(scope="module")
def parse() -> Callable[[str, str], Any]:
    """Parses the text form of one of the messages above: Batching, Prometheus, Monitoring."""
    kinds = {"*": 3, "bool": 8, "string": 9}
    file = descriptor_pb2.FileDescriptorProto(
        name="cxr/test.proto", package="cxr.test", syntax="proto3", dependency=[wrappers_pb2.DESCRIPTOR.name]
    )
    for name, fields in (("Batching", BATCHING), ("Prometheus", PROMETHEUS), ("Monitoring", MONITORING)):
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            label = 3 if kind == "*" else 1
            if kind in kinds:
                message.field.add(name=field, number=number, type=kinds[kind], label=label)
            else:
                message.field.add(name=field, number=number, type=11, type_name=f".{kind.lstrip('.')}", label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)

    def read(kind: str, text: str) -> Any:
        message = message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(f"cxr.test.{kind}"))()
        return text_format.Parse(text, message)

    return read


def flags_of(service: dict[str, Any]) -> dict[str, str]:
    return dict(flag.removeprefix("--").split("=", 1) for flag in service["command"])


def number(name: str) -> int:
    """A size or a count of nginx.conf, in bytes where it has a unit."""
    (value,) = re.findall(rf"^ *{name} ([0-9]+)m?;", NGINX, re.M)
    return int(value) << 20 if f"{name} {value}m" in NGINX else int(value)


def test_the_compose_files_are_some_by_their_schema() -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema, which brings the schema, is not installed")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    files = sorted(SERVING.glob("compose*.yaml"))
    assert len(files) > 2
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+(-gpu)?", service["image"])
    assert int(service["user"].split(":")[0]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "mem_limit", "pids_limit", "healthcheck", "restart"} <= set(service)
    kept = {f"{volume}:/{volume}" for volume in COMPOSE["volumes"]}
    assert all(volume.endswith(":ro") or volume in kept for volume in service["volumes"])
    assert not {"privileged", "network_mode", "cap_add", "devices", "pid", "ipc"} & set(service)


def test_only_the_proxy_can_be_reached_from_outside_and_the_dashboard_from_this_machine() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy", "grafana"}
    for server in SERVERS.values():
        assert list(server["networks"]) == ["inside"]
    assert all(port.startswith("${CXR_ADDRESS:-127.0.0.1}:") for port in SERVICES["proxy"]["ports"])
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["grafana"]["ports"])


def test_the_profiles_are_a_server_each_and_the_proxy() -> None:
    for profile in ("cpu", "gpu"):
        chosen = {name for name, service in SERVICES.items() if profile in service["profiles"]}
        assert chosen == {f"tensorflow-{profile}", "proxy"}
    assert set(SERVICES["proxy"]["depends_on"]) == set(SERVERS)
    assert SERVERS["tensorflow-gpu"]["image"] == SERVERS["tensorflow-cpu"]["image"] + "-gpu"
    assert SERVERS["tensorflow-gpu"]["command"][:-2] == SERVERS["tensorflow-cpu"]["command"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    for volume in SERVICES[name]["volumes"]:
        source = volume.rpartition(":ro")[0].rpartition(":")[0]
        if not source.startswith("${") and volume.split(":")[0] not in COMPOSE["volumes"]:
            assert (SERVING / source).exists(), source


@pytest.mark.parametrize("name", SERVERS)
def test_every_file_that_a_flag_names_is_mounted(name: str) -> None:
    flags = flags_of(SERVERS[name])
    for flag in [flag for flag in flags if flag.endswith("_file")]:
        folder, file = Path(flags[flag]).parts[1:]
        assert (CONFIG / file).is_file()
        assert any(volume.endswith(f":/{folder}:ro") for volume in SERVERS[name]["volumes"])
    assert f"/models/{FILE_NAME}" == flags["model_config_file"]


def test_the_model_is_called_the_same_everywhere() -> None:
    assert load_settings("sample", None, []).serving.model_name == MODEL.name == "cxr"
    assert MODEL.base_path == f"/models/{MODEL.name}"
    assert set(re.findall(r"/v1/models/(\w+)", NGINX)) == {MODEL.name}
    for server in SERVERS.values():
        assert f"GET /v1/models/{MODEL.name} HTTP" in server["healthcheck"]["test"][-1]


def test_the_ports_and_the_servers_name_are_the_same_everywhere() -> None:
    upstreams = re.findall(r"^ +server (\w+):(\d+);", NGINX, re.M)
    for server in SERVERS.values():
        flags = flags_of(server)
        (alias,) = server["networks"]["inside"]["aliases"]
        assert upstreams == [(alias, flags["rest_api_port"]), (alias, flags["port"])]
        assert f"/dev/tcp/127.0.0.1/{flags['rest_api_port']} " in server["healthcheck"]["test"][-1]
    listened = re.findall(r"^listen (\d+)", "".join(PORTS), re.M)
    assert sorted(port.split(":")[-1] for port in SERVICES["proxy"]["ports"]) == sorted(listened) == ["8500", "8501"]


def test_a_body_is_looked_through_in_memory_that_the_proxy_has() -> None:
    assert number("client_body_buffer_size") > number("client_max_body_size")
    (at_once,) = re.findall(r"^    limit_conn all (\d+);", NGINX, re.M)
    memory = int(SERVICES["proxy"]["mem_limit"].removesuffix("m")) << 20
    assert int(at_once) * number("client_body_buffer_size") < memory


def test_the_proxy_waits_longer_than_the_server_and_lets_no_more_in_than_it_has_threads() -> None:
    (waits,) = re.findall(r"proxy_read_timeout (\d+)s;", NGINX)
    (at_once,) = re.findall(r"^    limit_conn all (\d+);", NGINX, re.M)
    for server in SERVERS.values():
        flags = flags_of(server)
        assert int(waits) * 1000 > int(flags["rest_api_timeout_in_ms"])
        assert flags["grpc_max_threads"] == flags["rest_api_num_threads"] == at_once


def test_batches_form_and_the_largest_is_the_last_allowed(parse: Callable[..., Any]) -> None:
    batching = parse("Batching", (CONFIG / "batching.config").read_text(encoding="utf-8"))
    sizes = list(batching.allowed_batch_sizes)
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == batching.max_batch_size.value
    threads = int(flags_of(SERVERS["tensorflow-gpu"])["grpc_max_threads"])
    assert threads >= batching.max_batch_size.value * batching.num_batch_threads.value
    assert batching.max_enqueued_batches.value > 0
    assert batching.batch_timeout_micros.value < 1000 * int(
        flags_of(SERVERS["tensorflow-gpu"])["rest_api_timeout_in_ms"]
    )


def test_what_the_client_sends_at_once_is_let_through_and_batched(parse: Callable[..., Any]) -> None:
    limits = Limits()
    batching = parse("Batching", (CONFIG / "batching.config").read_text(encoding="utf-8"))
    assert limits.films_per_request <= batching.max_batch_size.value
    assert limits.bytes_per_request * 4 / 3 + 100_000 < number("client_max_body_size")  # base64


def test_the_metrics_are_on_and_stay_inside(parse: Callable[..., Any]) -> None:
    prometheus = parse("Monitoring", (CONFIG / "monitoring.config").read_text(encoding="utf-8")).prometheus_config
    assert prometheus.enable
    assert prometheus.path not in NGINX


def test_a_mistyped_name_is_found(parse: Callable[..., Any]) -> None:
    with pytest.raises(text_format.ParseError, match="max_batchsize"):
        parse("Batching", "max_batchsize { value: 8 }")


@pytest.mark.parametrize("state, code", [("AVAILABLE", 0), ("END", 1), (None, 1)])
def test_the_health_check_knows_an_available_version(state: str | None, code: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == f"/v1/models/{MODEL.name}"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(f'{{"model_version_status": [{{"state": "{state if found else ""}"}}]}}'.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_port
    if state is None:
        server.server_close()
    else:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    kind, *command = SERVERS["tensorflow-cpu"]["healthcheck"]["test"]
    assert (kind, shlex.join(command[:2])) == ("CMD", "bash -c")
    command[-1] = command[-1].replace("/127.0.0.1/8501", f"/127.0.0.1/{port}")
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    if state is not None:
        server.shutdown()
        server.server_close()
    assert done.returncode == code
