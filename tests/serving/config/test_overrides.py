"""The compose files of TLS and API keys: what each lays over the delivered one, and what the docs say of it."""

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

SERVING = Path(__file__).parents[3] / "serving"
DOCS = (SERVING.parent / "docs" / "access.md").read_text(encoding="utf-8")
OVERRIDES = ("tls", "keys")


def text_of(name: str) -> str:
    return (SERVING / f"compose.{name}.yaml").read_text(encoding="utf-8")


def proxy_of(text: str) -> dict[str, Any]:
    proxy: dict[str, Any] = yaml.safe_load(text)["services"]["proxy"]
    return proxy


def mounts_of(proxy: dict[str, Any]) -> dict[str, str]:
    """Path in the container -> what is mounted there, which is how Compose lays one list of volumes over another."""
    found = {}
    for volume in proxy["volumes"]:
        source, target = volume.removesuffix(":ro").rsplit(":", 1)
        assert volume == f"{source}:{target}:ro"
        found[target] = source
    return found


DELIVERED = proxy_of((SERVING / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", OVERRIDES)
def test_each_mounts_files_and_opens_nothing(name: str) -> None:
    services = yaml.safe_load(text_of(name))["services"]
    assert services.keys() - {"prometheus"} == {"proxy"}  # the former asks the proxy how it is
    for service in services.values():
        assert service.keys() <= {"volumes", "healthcheck"}


@pytest.mark.parametrize("name", OVERRIDES)
def test_every_file_of_the_folder_is_mounted_beside_or_over_the_delivered_ones(name: str) -> None:
    mounted = mounts_of(proxy_of(text_of(name)))
    files = {file.name for file in (SERVING / "config" / name).iterdir()} - {"kustomization.yaml"}
    folders = {target for target in mounted if not target.startswith("/etc/nginx/")}
    assert folders == {f"/{name}"}
    assert {target: source for target, source in mounted.items() if target not in folders} == {
        f"/etc/nginx/{file}": f"./config/{name}/{file}" for file in files
    }


@pytest.mark.parametrize("tls", [False, True])
def test_every_file_that_nginx_is_told_to_include_is_mounted(tls: bool) -> None:
    mounted = mounts_of(DELIVERED) | (mounts_of(proxy_of(text_of("tls"))) if tls else {})
    texts = [(SERVING / source).read_text("utf-8") for source in mounted.values() if not source.startswith("${")]
    included = {name for text in texts for name in re.findall(r"^ *include ([\w.]+);", text, re.M)}
    assert {"rest_port.conf", "grpc_port.conf"} <= included
    assert {f"/etc/nginx/{name}" for name in included} <= mounted.keys()
    assert "/etc/nginx/keys.conf" not in mounted  # and the pattern finds nothing


def test_with_tls_the_ports_are_the_same_and_speak_nothing_else() -> None:
    for name in ("rest_port.conf", "grpc_port.conf"):
        (plain,) = re.findall(r"^listen (\d+)(.*);", (SERVING / "config" / name).read_text("utf-8"), re.M)
        (tls,) = re.findall(r"^listen (\d+)(.*);", (SERVING / "config" / "tls" / name).read_text("utf-8"), re.M)
        assert tls == (plain[0], f" ssl{plain[1]}")


def test_health_is_asked_as_before_but_over_tls() -> None:
    (asked, over_tls) = (proxy["healthcheck"]["test"] for proxy in (DELIVERED, proxy_of(text_of("tls"))))
    assert [part.replace("http:", "https:") for part in asked] == [part for part in over_tls if part != "--insecure"]


def test_a_variable_has_no_default_and_the_docs_describe_it() -> None:
    variables = re.findall(r"\$\{(\w+)([^}]*)\}", text_of("tls") + text_of("keys"))
    assert [name for name, _ in variables] == re.findall(r"^\| `(CXR_\w+)` \|", DOCS, re.M)
    assert all(rest.startswith(":?give the folder of ") for _, rest in variables)


def test_the_commands_name_files_and_a_profile_that_are_there() -> None:
    commands = [line for line in DOCS.splitlines() if line.startswith("docker compose ")]
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command)
        named = [Path(word).name for before, word in pairwise(words) if before == "-f"]
        assert named == ["compose.yaml", "compose.tls.yaml", "compose.keys.yaml"]
        assert words[words.index("--profile") + 1] in DELIVERED["profiles"]


def test_only_modern_ciphers_with_forward_secrecy_are_offered() -> None:
    text = (SERVING / "config" / "tls" / "tls.conf").read_text(encoding="utf-8")
    (ciphers,) = re.findall(r"^ssl_ciphers (\S+);", text, re.M)
    assert all(re.fullmatch(r"ECDHE-(ECDSA|RSA)-.*(GCM-SHA\d+|POLY1305)", cipher) for cipher in ciphers.split(":"))
    assert re.findall(r"^ssl_protocols (.*);", text, re.M) == ["TLSv1.2 TLSv1.3"]
