"""TLS and API keys on a cluster: the components change the proxy as the compose files do, and nothing else."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from tests.kubeflow.kustomize import Object, build, find, with_components

PROJECT = Path(__file__).parents[2]
DOCS = (PROJECT / "docs" / "access.md").read_text(encoding="utf-8")
CONFIG = PROJECT / "serving" / "config"
MANIFESTS = PROJECT / "kubeflow" / "manifests"
DELIVERED = {name: build(MANIFESTS / "overlays" / name) for name in ("cpu", "gpu")}


def built(folder: Path, overlay: str, *components: str) -> list[Object]:
    """The overlay with these components."""
    line = f"components: [{', '.join(f'../../{name}' for name in components)}]"
    return build(with_components(MANIFESTS, CONFIG, folder, line) / "overlays" / overlay)


def proxy_files(objects: list[Object]) -> dict[str, str]:
    """What nginx reads, from the one ConfigMap that the proxy mounts."""
    (name,) = [
        volume["configMap"]["name"]
        for volume in find(objects, "Deployment", "cxr")["spec"]["template"]["spec"]["volumes"]
        if "configMap" in volume
    ]
    assert re.fullmatch(r"cxr-proxy-\w{10}", name)
    files: dict[str, str] = find(objects, "ConfigMap", name)["data"]
    return files


def compose_files(*overrides: str) -> dict[str, str]:
    """What nginx reads with these compose files."""
    mounted = {}
    for file in ("compose.yaml", *(f"compose.{name}.yaml" for name in overrides)):
        for volume in yaml.safe_load((CONFIG.parent / file).read_text("utf-8"))["services"]["proxy"]["volumes"]:
            source, target = volume.removesuffix(":ro").rsplit(":", 1)
            if target.startswith("/etc/nginx/"):
                mounted[Path(target).name] = (CONFIG.parent / source).read_text("utf-8")
    return mounted


@pytest.mark.parametrize("overlay", DELIVERED)
@pytest.mark.parametrize("components", [(), ("tls",), ("keys",), ("tls", "keys")], ids="-".join)
def test_nginx_reads_what_it_reads_on_compose(overlay: str, components: tuple[str, ...], tmp_path: Path) -> None:
    objects = built(tmp_path, overlay, *components) if components else DELIVERED[overlay]
    assert proxy_files(objects) == compose_files(*components)


@pytest.mark.parametrize("overlay", DELIVERED)
def test_the_proxy_gets_two_folders_and_its_service_and_probe_another_protocol(overlay: str, tmp_path: Path) -> None:
    objects = built(tmp_path, overlay, "tls", "keys")
    expected = copy.deepcopy(DELIVERED[overlay])
    name = find(objects, "Deployment", "cxr")["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"]
    (config,) = [one for one in expected if one["metadata"]["name"].startswith("cxr-proxy-")]
    config["metadata"]["name"], config["data"] = name, compose_files("tls", "keys")
    pod = find(expected, "Deployment", "cxr")["spec"]["template"]["spec"]
    pod["volumes"][0]["configMap"]["name"] = name
    pod["securityContext"]["fsGroup"] = pod["securityContext"]["runAsGroup"]
    (container,) = pod["containers"]
    container["readinessProbe"]["httpGet"]["scheme"] = "HTTPS"
    for folder in ("tls", "keys"):
        # Readable for the group that the pod runs as, and for no other user of the node.
        pod["volumes"].append({"name": folder, "secret": {"secretName": f"cxr-{folder}", "defaultMode": 0o440}})
        container["volumeMounts"].append({"name": folder, "mountPath": f"/{folder}", "readOnly": True})
    for port in find(expected, "Service", "cxr")["spec"]["ports"]:
        port["appProtocol"] = "https"
    assert objects == expected


def test_the_docs_make_the_secrets_that_are_mounted_with_the_files_that_nginx_looks_for(tmp_path: Path) -> None:
    pod = find(built(tmp_path, "cpu", "tls", "keys"), "Deployment", "cxr")["spec"]["template"]["spec"]
    secrets = [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume]
    assert re.findall(r"^kubectl --namespace kubeflow create secret \w+ (\S+)", DOCS, re.M) == secrets
    assert {"tls.crt", "tls.key"} == set(re.findall(r"/tls/([\w.]+)", (CONFIG / "tls" / "tls.conf").read_text("utf-8")))
    (sums,) = re.findall(r"'/keys/([\w.]+)'", (CONFIG / "keys" / "keys.js").read_text("utf-8"))
    assert f'--from-file="$CXR_KEYS/{sums}"' in DOCS


def test_the_line_of_the_docs_names_the_components() -> None:
    assert re.findall(r"^components: (.*)$", DOCS, re.M) == ["[../../tls, ../../keys]"]
