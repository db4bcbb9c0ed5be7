"""The manifests: valid, locked down, and speaking of the same names, ports, paths and model as all the rest."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cxr.main import main
from pipeline.kubeflow_settings import KubeflowSettings
from pipeline.settings import ServingSettings
from serving.model_config import read_config
from tests.kubeflow.kustomize import Object, build, find, with_components
from tests.pushed_versions import push

PROJECT = Path(__file__).parents[2]
MANIFESTS = PROJECT / "kubeflow" / "manifests"
UV = shutil.which("uv") or str(PROJECT / ".uv" / "bin" / "uv")
DOCS = (PROJECT / "docs" / "kubeflow-serving.md").read_text(encoding="utf-8")
CLUSTER = KubeflowSettings()
MODEL_NAME = ServingSettings().model_name
OVERLAYS = {name: build(MANIFESTS / "overlays" / name) for name in ("cpu", "gpu")}
VOLUMES = build(MANIFESTS / "volumes")
FILMS = build(MANIFESTS / "films")
FLINK = [*build(MANIFESTS / "shared"), *build(MANIFESTS / "flink")]
COMPOSE = yaml.safe_load((PROJECT / "serving" / "compose.yaml").read_text(encoding="utf-8"))["services"]
CONFIG = PROJECT / "serving" / "config"
NGINX = "".join((CONFIG / name).read_text("utf-8") for name in ("nginx.conf", "rest_port.conf", "grpc_port.conf"))
#: The line that takes TLS and API keys into an overlay.
(ACCESS,) = re.findall(r"^components: .*$", (PROJECT / "docs" / "access.md").read_text(encoding="utf-8"), re.M)
#: What checkov finds and we leave, and why.
ACCEPTED = {
    "CKV_K8S_43": "no digest: only a registry knows it; docs/kubeflow-serving.md says how to pin one",
    "CKV_K8S_15": "no pull at every start: a tag that never moves needs none, and a registry that is away stops no pod",
}

every_overlay = pytest.mark.parametrize("objects", OVERLAYS.values(), ids=OVERLAYS)


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def pod_of(deployment: Object) -> Object:
    spec: Object = deployment["spec"]["template"]["spec"]
    return spec


def container_of(deployment: Object) -> Object:
    (container,) = pod_of(deployment)["containers"]
    assert isinstance(container, dict)
    return container


def server_in(objects: list[Object]) -> Object:
    return find(objects, "Deployment", "tensorflow")


def selected(objects: list[Object], labels: dict[str, str]) -> list[str]:
    """Names of the deployments whose pods carry the labels."""
    return [
        name
        for name, deployment in of_kind(objects, "Deployment").items()
        if labels.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    ]


def port_names(deployment: Object) -> set[str]:
    return {port["name"] for port in container_of(deployment)["ports"]}


def flags_of(arguments: list[str]) -> dict[str, str]:
    return dict(argument.removeprefix("--").split("=", 1) for argument in arguments)


def mounts_of(deployment: Object) -> dict[str, Object]:
    """Path -> the volume there, with ``readOnly`` as the mount has it."""
    volumes = {volume["name"]: volume for volume in pod_of(deployment)["volumes"]}
    return {
        mount["mountPath"]: {**volumes[mount["name"]], "readOnly": mount.get("readOnly", False)}
        for mount in container_of(deployment)["volumeMounts"]
    }


@pytest.mark.parametrize("folder", ["overlays/cpu", "overlays/gpu", "volumes", "eks", "nfs", "films"])
@pytest.mark.parametrize("pinned", [False, True], ids=["delivered", "pinned"])
def test_the_tests_read_the_folders_as_kustomize_does(folder: str, pinned: bool, tmp_path: Path) -> None:
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl here")
    manifests = with_rollback(tmp_path) if pinned else MANIFESTS
    done = subprocess.run(["kubectl", "kustomize", manifests / folder], capture_output=True, text=True, check=True)

    def key(one: Object) -> tuple[str, str]:
        return one["kind"], one["metadata"]["name"]

    assert sorted(yaml.safe_load_all(done.stdout), key=key) == sorted(build(manifests / folder), key=key)


@every_overlay
def test_a_deployment_a_service_and_a_policy_select_one_deployment_each(objects: list[Object]) -> None:
    for name, deployment in of_kind(objects, "Deployment").items():
        assert selected(objects, deployment["spec"]["selector"]["matchLabels"]) == [name]
    assert {
        name: selected(objects, service["spec"]["selector"]) for name, service in of_kind(objects, "Service").items()
    } == {"tensorflow": ["tensorflow"], "cxr": ["cxr"]}
    assert {
        name: selected(objects, policy["spec"]["podSelector"]["matchLabels"])
        for name, policy in of_kind(objects, "NetworkPolicy").items()
    } == {"cxr-server": ["tensorflow"], "cxr-proxy": ["cxr"]}


@every_overlay
def test_every_port_that_is_named_is_a_port_of_the_container(objects: list[Object]) -> None:
    deployments = of_kind(objects, "Deployment")
    for service in of_kind(objects, "Service").values():
        (name,) = selected(objects, service["spec"]["selector"])
        assert {port["targetPort"] for port in service["spec"]["ports"]} == port_names(deployments[name])
    for deployment in deployments.values():
        container = container_of(deployment)
        for probe in (container.get(f"{kind}Probe", {}) for kind in ("startup", "readiness", "liveness")):
            for action in ("httpGet", "tcpSocket"):
                assert action not in probe or probe[action]["port"] in port_names(deployment)
    for policy in of_kind(objects, "NetworkPolicy").values():
        (own,) = selected(objects, policy["spec"]["podSelector"]["matchLabels"])
        for rule in policy["spec"]["ingress"]:
            assert {port["port"] for port in rule["ports"]} <= port_names(deployments[own])


@every_overlay
def test_nginx_finds_the_server_where_its_configuration_looks(objects: list[Object]) -> None:
    services = of_kind(objects, "Service")
    upstreams = re.findall(r"^ +server ([a-z]+):([0-9]+);", NGINX, re.M)
    assert len(upstreams) == 2
    for host, port in upstreams:
        assert int(port) in {one["port"] for one in services[host]["spec"]["ports"]}
    listens = {int(port) for port in re.findall(r"listen ([0-9]+)", NGINX)}
    proxy = find(objects, "Deployment", "cxr")
    assert listens == {port["containerPort"] for port in container_of(proxy)["ports"]}
    assert mounts_of(proxy)["/etc/nginx"]["configMap"]["name"].startswith("cxr-proxy-")
    for path in re.findall(r"^ *(?:pid|[a-z]+_temp_path) (/[^/]+)/", NGINX, re.M):
        assert "emptyDir" in mounts_of(proxy)[path]


@every_overlay
def test_the_flags_are_those_of_the_compose_file_but_for_where_the_versions_are_said(objects: list[Object]) -> None:
    kind = "gpu" if objects is OVERLAYS["gpu"] else "cpu"
    composed = COMPOSE[f"tensorflow-{kind}"]
    container = container_of(server_in(objects))
    assert container["command"] == composed["entrypoint"]
    assert flags_of(container["args"]) == {
        **flags_of(composed["command"]), "model_config_file": "/config/models.config",
    }  # fmt: skip
    images = {COMPOSE[f"tensorflow-{kind}"]["image"], COMPOSE["proxy"]["image"]}
    assert images == {container_of(one)["image"] for one in of_kind(objects, "Deployment").values()}


@every_overlay
def test_every_file_that_a_flag_names_is_mounted(objects: list[Object]) -> None:
    config_maps = of_kind(objects, "ConfigMap")
    sources = mounts_of(server_in(objects))["/config"]["projected"]["sources"]
    files = {name: text for one in sources for name, text in config_maps[one["configMap"]["name"]]["data"].items()}
    named = re.findall(r"=/config/(\S+)", " ".join(container_of(server_in(objects))["args"]))
    assert named
    assert set(named) <= files.keys()
    assert all(text == (PROJECT / "serving" / "config" / name).read_text("utf-8") for name, text in files.items())


@every_overlay
def test_what_the_server_reads_again_keeps_its_name_and_what_it_reads_once_does_not(objects: list[Object]) -> None:
    names = {re.sub(r"-[a-z0-9]{10}$", "-HASH", name) for name in of_kind(objects, "ConfigMap")}
    assert names == {"cxr-versions", "cxr-server-HASH", "cxr-proxy-HASH"}


@every_overlay
def test_pods_and_pipeline_name_the_same_claims(objects: list[Object]) -> None:
    claims = of_kind(VOLUMES, "PersistentVolumeClaim")
    assert claims.keys() == {CLUSTER.films_claim, CLUSTER.serving.claim}
    assert all(claim["spec"]["accessModes"] == ["ReadWriteMany"] for claim in claims.values())
    assert {one["metadata"]["namespace"] for one in [*VOLUMES, *objects]} == {"kubeflow"}
    assert mounts_of(server_in(objects))["/models"]["persistentVolumeClaim"]["claimName"] == CLUSTER.serving.claim


@every_overlay
def test_the_server_looks_where_the_pusher_puts_the_model(objects: list[Object], tmp_path: Path) -> None:
    (tmp_path / "models.config").write_text(find(objects, "ConfigMap", "cxr-versions")["data"]["models.config"])
    (model,) = read_config(tmp_path / "models.config").model_config_list.config
    assert model.name == MODEL_NAME
    # On the volume: <model name>/<version>, wherever a pod mounts it.
    assert PurePosixPath(model.base_path).relative_to("/models") == PurePosixPath(MODEL_NAME)
    container = container_of(server_in(objects))
    for kind in ("startup", "readiness", "liveness"):
        assert container[f"{kind}Probe"]["httpGet"]["path"] == f"/v1/models/{MODEL_NAME}"


@pytest.mark.parametrize("objects", [*OVERLAYS.values(), VOLUMES], ids=[*OVERLAYS, "volumes"])
def test_pods_may_do_nothing_that_they_need_not(objects: list[Object]) -> None:
    pods = {**of_kind(objects, "Deployment"), **of_kind(objects, "Job")}
    assert pods
    for deployment in pods.values():
        pod, container = pod_of(deployment), container_of(deployment)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] >= 10_000
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert pod["automountServiceAccountToken"] is False
        assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        writable = {path for path, volume in mounts_of(deployment).items() if not volume["readOnly"]}
        assert writable == ({"/tmp"} if deployment["kind"] == "Deployment" else {"/films", "/serving"})
        assert {"cpu", "memory"} <= container["resources"]["limits"].keys() & container["resources"]["requests"].keys()


@every_overlay
def test_who_pushes_and_who_serves_are_the_same_user(objects: list[Object]) -> None:
    (user,) = re.findall(r"^USER (\S+)", (PROJECT / "kubeflow" / "Dockerfile").read_text("utf-8"), re.M)
    for pod in (pod_of(server_in(objects)), pod_of(find(VOLUMES, "Job", "cxr-volumes"))):
        context = pod["securityContext"]
        assert user == f"{context['runAsUser']}:{context['runAsGroup']}"
        assert context["fsGroup"] == context["runAsGroup"]


def test_the_pod_that_films_are_copied_through_may_do_what_the_job_may_and_sees_films_alone() -> None:
    pod, job = find(FILMS, "Pod", "cxr-films"), find(VOLUMES, "Job", "cxr-volumes")
    (container,) = pod["spec"]["containers"]
    for name in ("securityContext", "automountServiceAccountToken", "enableServiceLinks", "restartPolicy"):
        assert pod["spec"][name] == pod_of(job)[name]
    for name in ("securityContext", "image"):
        assert container[name] == container_of(job)[name]
    claims = [volume["persistentVolumeClaim"]["claimName"] for volume in pod["spec"]["volumes"]]
    assert claims == [CLUSTER.films_claim]
    policy = find(VOLUMES, "NetworkPolicy", "cxr-volumes")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


@pytest.mark.parametrize("missing, code", [(None, 0), ("serving", 1), ("films", 1)])
def test_the_job_says_when_a_volume_is_out_of_reach(missing: str | None, code: int, tmp_path: Path) -> None:
    job = find(VOLUMES, "Job", "cxr-volumes")
    claims = {path: volume["persistentVolumeClaim"]["claimName"] for path, volume in mounts_of(job).items()}
    assert claims == {"/films": CLUSTER.films_claim, "/serving": CLUSTER.serving.claim}
    shell, option, script = container_of(job)["command"]
    for name in {"films", "serving"} - {missing}:
        (tmp_path / name).mkdir()
    script = re.sub(r" /(films|serving)", rf" {tmp_path}/\1", script)
    done = subprocess.run([shell, option, script], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.count("user 10001 cannot write to cxr-") == code
    assert missing is None or f" cxr-{missing};" in done.stdout
    assert not list(tmp_path.glob("*/.*"))


@every_overlay
def test_the_server_hears_the_proxy_alone_and_talks_to_nobody(objects: list[Object]) -> None:
    policies = of_kind(objects, "NetworkPolicy")
    assert all(policy["spec"]["policyTypes"] == ["Ingress", "Egress"] for policy in policies.values())
    assert policies["cxr-server"]["spec"]["egress"] == []
    to_server = [peer for rule in policies["cxr-server"]["spec"]["ingress"] for peer in rule["from"]]
    assert selected(objects, to_server[0]["podSelector"]["matchLabels"]) == ["cxr"]
    assert [sorted(peer) for peer in to_server] == [["podSelector"]]
    (to_tensorflow, to_names) = policies["cxr-proxy"]["spec"]["egress"]
    assert [selected(objects, peer["podSelector"]["matchLabels"]) for peer in to_tensorflow["to"]] == [["tensorflow"]]
    assert {port["port"] for port in to_names["ports"]} == {53}
    for policy in policies.values():
        assert all(rule.get("from") and rule.get("ports") for rule in policy["spec"]["ingress"])


@every_overlay
def test_a_pod_that_ends_first_gives_the_answers_that_it_owes(objects: list[Object]) -> None:
    server = server_in(objects)
    ((_, seconds),) = [container_of(server)["lifecycle"]["preStop"]["exec"]["command"]]
    longest = int(flags_of(container_of(server)["args"])["rest_api_timeout_in_ms"]) / 1000
    assert longest < int(seconds) < pod_of(server)["terminationGracePeriodSeconds"]
    # A check that is shorter than the longest request, or once too often, ends a server that is only busy.
    probe = container_of(server)["livenessProbe"]
    assert probe["timeoutSeconds"] * probe["failureThreshold"] > 2 * longest


def test_a_gpu_is_asked_for_as_the_pipeline_asks_for_one() -> None:
    pod, container = (of(server_in(OVERLAYS["gpu"])) for of in (pod_of, container_of))
    resources = container["resources"]
    assert resources["limits"] == resources["requests"]
    assert resources["limits"]["nvidia.com/gpu"] == "1"
    assert pod["nodeSelector"] == CLUSTER.gpu_node_selector
    assert pod["tolerations"] == [
        {name: value for name, value in one.model_dump().items() if value} for one in CLUSTER.gpu_tolerations
    ]
    assert container["image"].endswith("-gpu")


def test_without_a_gpu_none_is_asked_for() -> None:
    assert "nvidia" not in yaml.safe_dump_all(OVERLAYS["cpu"])
    assert "-gpu" not in yaml.safe_dump_all(of_kind(OVERLAYS["cpu"], "Deployment").values())


@every_overlay
def test_every_image_has_a_tag_that_does_not_move(objects: list[Object]) -> None:
    for deployment in [*of_kind(objects, "Deployment").values(), *of_kind(VOLUMES, "Job").values()]:
        assert re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+(-gpu)?", container_of(deployment)["image"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_rollback_pins_the_version_before_and_changes_nothing_else(overlay: str, tmp_path: Path) -> None:
    pinned = build(with_rollback(tmp_path) / "overlays" / overlay)
    config = find(pinned, "ConfigMap", "cxr-versions")["data"].pop("models.config")
    expected = build(MANIFESTS / "overlays" / overlay)
    find(expected, "ConfigMap", "cxr-versions")["data"].pop("models.config")
    assert pinned == expected
    assert config == (MANIFESTS / "rollback" / "models.config").read_text("utf-8")


def test_the_rollback_file_is_what_cxr_models_writes(tmp_path: Path) -> None:
    (model,) = read_config(MANIFESTS / "rollback" / "models.config").model_config_list.config
    old, new = sorted(model.model_version_policy.specific.versions)
    push(tmp_path / MODEL_NAME, old, new)
    shutil.copy(PROJECT / "serving" / "config" / "models.config", tmp_path)
    for verb in (["label", "stable", str(new)], ["rollback"]):
        done = CliRunner().invoke(main, ["models", "--models", str(tmp_path), *verb])
        assert done.exit_code == 0, done.output
    (written,) = read_config(tmp_path / "models.config").model_config_list.config
    assert model == written
    assert dict(model.version_labels) == {"stable": old}


def test_every_folder_that_the_docs_apply_is_there() -> None:
    folders = re.findall(r"--kustomize (\S+)", DOCS)
    assert {"kubeflow/manifests/volumes", "kubeflow/manifests/overlays/gpu"} <= set(folders)
    for folder in folders:
        assert build(PROJECT / folder)


def test_the_command_of_the_docs_writes_the_file_anew(tmp_path: Path) -> None:
    lines = [line for block in re.findall(r"```console\n(.*?)```", DOCS, re.S) for line in block.splitlines()]
    assert {line.split()[0] for line in lines} == {"kubectl", "curl", ".venv/bin/cxr"}
    (words,) = [shlex.split(line)[1:] for line in lines if line.startswith(".venv/bin/cxr ")]
    file = shutil.copy(MANIFESTS / "rollback" / "models.config", tmp_path)
    push(tmp_path / MODEL_NAME, int(words[-1]), 1_800_000_000)
    here = {"/serving": str(tmp_path), "kubeflow/manifests/rollback/models.config": file}
    assert here.keys() < set(words)
    done = CliRunner().invoke(main, [here.get(word, word) for word in words])
    assert done.exit_code == 0, done.output
    (model,) = read_config(Path(file)).model_config_list.config
    assert dict(model.version_labels) == {"stable": int(words[-1])}
    assert list(model.model_version_policy.specific.versions) == [int(words[-1])]  # what is not there is left out


def test_the_docs_name_every_accepted_finding() -> None:
    assert set(re.findall(r"CKV\w+", DOCS)) == set(ACCEPTED)


@pytest.fixture(scope="module")
def checkers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where checkov and kubernetes-validate lie, in an environment of their own."""
    venv = tmp_path_factory.mktemp("checkers")
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, venv], check=True)
    lock = PROJECT / "requirements" / "manifests.lock"
    install = [UV, "pip", "install", "--quiet", "--python", venv / "bin" / "python", "--require-hashes", "-r", lock]
    subprocess.run(install, check=True)
    return venv / "bin"


@pytest.fixture
def written(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All objects, a file for each overlay, one for what each kind of component adds, one for each other folder.

    Of Flink's own container the template has what it adds, and the operator the rest: image, resources, probes.
    """
    access = build(with_components(MANIFESTS, CONFIG, tmp_path_factory.mktemp("access"), ACCESS) / "overlays" / "cpu")
    line = "components: [../../scaling, ../../monitoring]"
    scaled = build(with_components(MANIFESTS, CONFIG, tmp_path_factory.mktemp("scaled"), line) / "overlays" / "cpu")
    files = []
    flink = [session_pod("worker-pool"), *(one for one in FLINK if one["kind"] != "FlinkDeployment")]
    storage = [one for name in ("eks", "nfs") for one in build(MANIFESTS / name)]
    # What the Operator of Prometheus reads has no schema in there; test_monitoring.py has one.
    known = [one for one in scaled if one["kind"] not in ("ServiceMonitor", "PrometheusRule")]
    rest = {"access": access, "scaled": known, "volumes": VOLUMES, "storage": storage, "films": FILMS, "flink": flink}
    for name, objects in {**OVERLAYS, **rest}.items():
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return files


@pytest.mark.e2e
@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_every_object_is_one_that_kubernetes_knows(
    checkers: Path, written: list[Path], tmp_path: Path, version: str
) -> None:
    written.append(tmp_path / "template.yaml")
    written[-1].write_text(yaml.safe_dump(session_pod("flink-main-container", "worker-pool")), encoding="utf-8")

    def validate() -> subprocess.CompletedProcess[str]:
        command: list[Any] = [checkers / "kubernetes-validate", "--strict", "--kubernetes-version", version, *written]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = validate()
    assert done.returncode == 0, done.stdout + done.stderr
    written[0].write_text(written[0].read_text().replace("  replicas: ", "  replicaz: ", 1))
    done = validate()
    assert done.returncode != 0
    assert "replicaz" in done.stdout + done.stderr


@pytest.mark.e2e
def test_checkov_finds_nothing_else(checkers: Path, written: list[Path]) -> None:
    command: list[Any] = [checkers / "checkov", "--framework", "kubernetes", "--output", "json", "--directory"]
    done = subprocess.run([*command, written[0].parent], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 300
    assert {check["check_id"] for check in report["results"]["failed_checks"]} == set(ACCEPTED)


def session_pod(*containers: str) -> Object:
    """The pod in the template of Flink's session, of a kind that the checkers do not know, with these containers."""
    session = find(FLINK, "FlinkDeployment", "cxr-flink")
    spec = session["spec"]["taskManager"]["podTemplate"]["spec"]
    kept = [one for one in spec["containers"] if one["name"] in containers]
    assert [one["name"] for one in kept] == list(containers)
    labels = session["metadata"]["labels"] | {"app": session["metadata"]["name"]}  # the latter by the operator
    metadata = {**session["metadata"], "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**spec, "containers": kept}}


def with_rollback(folder: Path) -> Path:
    """A copy of the manifests and of what they take in, with the line of the docs in both overlays."""
    (line,) = re.findall(r"^components: .*rollback.*$", DOCS, re.M)
    return with_components(MANIFESTS, CONFIG, folder, line)
