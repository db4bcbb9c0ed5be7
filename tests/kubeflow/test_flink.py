"""Beam on Flink: the manifest, the options of docs/beam.md and the pods of the pipeline speak of the same things."""

import json
import re
import shlex
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from kubeflow.compiler import compile_documents
from pipeline.settings import RunSettings, load_settings
from tests.kubeflow.dockerfile import stages_of
from tests.kubeflow.kustomize import Object, build, find

PROJECT = Path(__file__).parents[2]
MANIFESTS = PROJECT / "kubeflow" / "manifests"
DOCS = (PROJECT / "docs" / "beam.md").read_text(encoding="utf-8")
SECTION = DOCS.partition("## Flink on Kubernetes")[2].partition("\n## ")[0]
FLINK = build(MANIFESTS / "flink")
SESSION = find(FLINK, "FlinkDeployment", "cxr-flink")
TASK_MANAGER = SESSION["spec"]["taskManager"]
POD = TASK_MANAGER["podTemplate"]["spec"]
(POOL,) = [container for container in POD["containers"] if container["name"] == "worker-pool"]
(COMPILE,) = [shlex.split(line) for line in SECTION.splitlines() if line.startswith(".venv/bin/cxr compile")]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> RunSettings:
    """Of the documented command, with the documented file."""
    from cxr.compile import command

    (text,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.S)
    file = tmp_path_factory.mktemp("flink") / "flink.yaml"
    file.write_text(text, encoding="utf-8")
    words = [str(file) if word == file.name else word for word in COMPILE[2:]]
    given = command.make_context("compile", words).params
    return load_settings(given["profile"], given["config"], given["overrides"], given["beam"])


@pytest.fixture(scope="module")
def options(settings: RunSettings) -> dict[str, str]:
    """Of the component that is documented, a switch with an empty value."""
    (runner,) = settings.beam.components.values()
    assert runner.runner == "FlinkRunner"
    pairs = (option.removeprefix("--").partition("=") for option in runner.options)
    return {name: value for name, _, value in pairs}


@pytest.fixture(scope="module")
def compiled(settings: RunSettings) -> tuple[Object, Object]:
    """Container and pod of the component."""
    spec, platform = compile_documents(settings, COMPILE[-1])
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return spec["deploymentSpec"]["executors"]["XrayExampleGen_executor"]["container"], executors[
        "XrayExampleGen_executor"
    ]


def test_workers_have_the_image_of_the_pipeline(compiled: tuple[Object, Object]) -> None:
    assert POOL["image"] == compiled[0]["image"] == COMPILE[-1]


def test_workers_see_the_volumes_of_the_component_at_the_same_places(compiled: tuple[Object, Object]) -> None:
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in POD["volumes"]
        if "persistentVolumeClaim" in volume
    }
    seen = {
        mount["mountPath"]: claims[mount["name"]] for mount in POOL["volumeMounts"] if mount["name"] in claims
    }  # fmt: skip
    assert seen == {mount["mountPath"]: mount["constant"] for mount in compiled[1]["pvcMount"]}


def test_the_volume_that_is_shared_is_one_that_is_there(settings: RunSettings) -> None:
    (claim,) = build(MANIFESTS / "shared")
    assert settings.kubeflow.shared is not None
    assert claim["metadata"]["name"] == settings.kubeflow.shared.claim
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert {one["metadata"]["namespace"] for one in [claim, *FLINK]} == {"kubeflow"}


def test_the_pool_listens_where_the_option_looks(options: dict[str, str]) -> None:
    host, port = options["environment_config"].split(":")
    assert (host, options["environment_type"]) == ("localhost", "EXTERNAL")
    assert POOL["command"] == [
        "python", "-m", "apache_beam.runners.worker.worker_pool_main", "--service_port", port,
    ]  # fmt: skip
    assert POOL["ports"] == [{"name": "pool", "containerPort": int(port)}]
    assert {POOL[probe]["tcpSocket"]["port"] for probe in ("readinessProbe", "livenessProbe")} == {"pool"}


def test_flink_is_a_version_that_this_beam_knows_and_so_is_its_jar(options: dict[str, str]) -> None:
    from apache_beam.options.pipeline_options import FlinkRunnerOptions

    lock = (PROJECT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    (beam,) = re.findall(r"^apache-beam==(\S+)", lock, re.M)
    version = options["flink_version"]
    assert version in FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    assert SESSION["spec"]["flinkVersion"] == f"v{version.replace('.', '_')}"
    assert re.fullmatch(rf"flink:{re.escape(version)}\.\d+-java11", SESSION["spec"]["image"])
    folder, _, jar = options["flink_job_server_jar"].rpartition("/")
    assert jar == f"beam-runners-flink-{version}-job-server-{beam}.jar"
    assert f"--from=jars / {folder}/" in stages_of(PROJECT / "kubeflow" / "Dockerfile")[1][-1].all("COPY")
    image = (PROJECT / "docs" / "image.md").read_text(encoding="utf-8")
    assert f"/org/apache/beam/beam-runners-flink-{version}-job-server/{beam}/{jar}\n" in image
    assert f"`{folder}`" in image


def test_every_slot_has_a_worker_and_every_worker_a_core(options: dict[str, str]) -> None:
    slots = int(SESSION["spec"]["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert int(options["sdk_worker_parallelism"]) == slots
    assert int(options["parallelism"]) == slots * TASK_MANAGER["replicas"]
    assert int(POOL["resources"]["limits"]["cpu"]) == slots
    assert POOL["resources"]["limits"] == POOL["resources"]["requests"]
    assert {"name": "TF_NUM_INTRAOP_THREADS", "value": "1"} in POOL["env"]


def test_the_options_name_the_session(options: dict[str, str]) -> None:
    assert options["flink_master"] == f"http://{SESSION['metadata']['name']}-rest:8081"
    policy = find(FLINK, "NetworkPolicy", "cxr-flink")["spec"]
    assert policy["podSelector"]["matchLabels"] == {"app": SESSION["metadata"]["name"]}


def test_the_ports_of_flink_are_open_and_that_of_the_pool_is_not() -> None:
    configured = {int(value) for name, value in SESSION["spec"]["flinkConfiguration"].items() if name.endswith(".port")}
    among, outside = find(FLINK, "NetworkPolicy", "cxr-flink")["spec"]["ingress"]
    opened = {port for one in among["ports"] for port in range(one["port"], one.get("endPort", one["port"]) + 1)}
    assert opened == {*configured, 8081}
    assert outside["ports"] == [{"port": 8081}]
    assert among["from"] == [{"podSelector": {"matchLabels": {"app": "cxr-flink"}}}]


def test_workers_write_as_the_user_of_the_pipeline_and_may_do_nothing_else() -> None:
    (user,) = stages_of(PROJECT / "kubeflow" / "Dockerfile")[1][-1].all("USER")
    own = POOL["securityContext"]
    assert user == f"{own['runAsUser']}:{own['runAsGroup']}"
    assert POD["securityContext"]["fsGroup"] == own["runAsGroup"]
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["automountServiceAccountToken"] is False
    assert own["readOnlyRootFilesystem"] is True
    writable = {mount["mountPath"] for mount in POOL["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {"/work", "/tmp"}
    for container in POD["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


class FlinkStandIn(BaseHTTPRequestHandler):
    """As much of Flink's REST server as a submission needs; keeps the jar, and says of the job that it is done."""

    jar = b""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/jars/upload":
            FlinkStandIn.jar = body[body.index(b"PK\x03\x04") :]
            self._answer({"filename": "/tmp/flink-web/beam.jar"})
        else:
            assert (self.path, json.loads(body)) == (
                "/v1/jars/beam.jar/run",
                {"entryClass": "org.apache.beam.runners.flink.FlinkPipelineRunner"},
            )
            self._answer({"jobid": "1"})

    def do_GET(self) -> None:
        answers = {
            "/v1/jobs/1/execution-result": {"status": {"id": "COMPLETED"}},
            "/v1/jobs/1": {"state": "FINISHED"},
            "/v1/jobs/1/exceptions": {"all-exceptions": []},
        }
        self._answer(answers[self.path])

    def do_DELETE(self) -> None:
        self._answer({})

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, answer: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


@pytest.fixture
def flink() -> Iterator[str]:
    with HTTPServer(("localhost", 0), FlinkStandIn) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_pod_submits_without_java_a_job_that_asks_the_pool_for_workers(
    compiled: tuple[Object, Object],
    options: dict[str, str],
    flink: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import apache_beam as beam
    from apache_beam.portability.api.org.apache.beam.model.pipeline.v1.beam_runner_api_pb2 import (
        ExternalPayload,
        Pipeline,
    )
    from google.protobuf import json_format

    with zipfile.ZipFile(tmp_path / "flink.jar", "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "")
    here = {options["flink_master"]: flink, options["flink_job_server_jar"]: str(tmp_path / "flink.jar")}
    args = compiled[0]["args"]
    args = args[args.index("--runner=FlinkRunner") :]
    for there, place in here.items():
        args = [arg.replace(there, place) for arg in args]
    monkeypatch.setenv("PATH", "")
    with beam.Pipeline(argv=args) as pipeline:
        _ = pipeline | beam.Create([1, 2])
    (tmp_path / "submitted.jar").write_bytes(FlinkStandIn.jar)
    with zipfile.ZipFile(tmp_path / "submitted.jar") as jar:
        submitted = json_format.Parse(jar.read("BEAM-PIPELINE/pipeline/pipeline.json"), Pipeline())
        told = json.loads(jar.read("BEAM-PIPELINE/pipeline/pipeline-options.json"))
    (environment,) = {one.payload for one in submitted.components.environments.values()}
    assert ExternalPayload.FromString(environment).endpoint.url == options["environment_config"]
    assert str(told["beam:option:parallelism:v1"]) == options["parallelism"]
    assert str(told["beam:option:sdk_worker_parallelism:v1"]) == options["sdk_worker_parallelism"]


def test_every_folder_that_the_docs_apply_is_there() -> None:
    folders = re.findall(r"--kustomize\s+(\S+)", SECTION.replace("`", " "))
    assert set(folders) == {"kubeflow/manifests/shared", "kubeflow/manifests/flink"}
