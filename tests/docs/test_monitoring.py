"""docs/monitoring.md: what it shows is there. Its tables are held against the files in tests/serving/monitoring."""

import re
import shlex
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "monitoring.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((PROJECT / "serving" / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_the_commands_name_profiles_and_a_port_that_are_there() -> None:
    start, check = re.findall(r"```console\n(.*?)\n```", TEXT, re.S)[0].splitlines()
    words = shlex.split(start)
    assert (PROJECT / words[words.index("-f") + 1]).is_file()
    asked = {words[at + 1] for at, word in enumerate(words) if word == "--profile"}
    assert asked == {"cpu", "monitoring"}
    assert asked <= {profile for service in COMPOSE.values() for profile in service["profiles"]}
    (port,) = re.findall(r"http://localhost:(\d+)/api/health", check)
    assert COMPOSE["grafana"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "/api/health" in COMPOSE["grafana"]["healthcheck"]["test"][-1]


def test_the_example_is_yaml_for_prometheus() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    assert yaml.safe_load(text).keys() == {"alerting"}


def test_the_pages_that_need_it_name_it() -> None:
    for page in ("deploy.md", "kubeflow-serving.md"):
        assert "](monitoring.md" in (PROJECT / "docs" / page).read_text(encoding="utf-8")
        assert f"]({page}" in TEXT
    assert "](docs/monitoring.md)" in (PROJECT / "README.md").read_text(encoding="utf-8")
