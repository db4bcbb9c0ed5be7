"""The component monitoring: what it adds to an overlay, and that Prometheus finds and reaches the server."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.kubeflow.kustomize import Object, build, find, with_components

PROJECT = Path(__file__).parents[2]
MANIFESTS = PROJECT / "kubeflow" / "manifests"
CONFIG = PROJECT / "serving" / "config"
DOCS = (PROJECT / "docs" / "kubeflow-serving.md").read_text(encoding="utf-8")
SECTION = DOCS.partition("## Watch\n")[2].partition("\n## ")[0]
(LINE,) = re.findall(r"^components: .*$", SECTION, re.M)
GROUPS = yaml.safe_load((PROJECT / "serving/monitoring/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"]


def closed(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these fields and no other."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
WORDS = {"type": "object", "additionalProperties": {"type": "string"}}
#: https://prometheus-operator.dev/docs/api-reference/api: a Duration.
DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m|h|d|w|y)$"}
METADATA = closed({"name": TEXT, "namespace": TEXT, "labels": WORDS})
#: The fields that we use of the Operator's two kinds, written anew from its API reference; nobody's schema has them.
KINDS = {
    "ServiceMonitor": closed(
        {
            "selector": closed({"matchLabels": WORDS}),
            "endpoints": {
                "type": "array",
                "minItems": 1,
                "items": closed({"port": TEXT, "path": TEXT}, interval=DURATION, scrapeTimeout=DURATION),
            },
        },
        jobLabel=TEXT,
    ),
    "PrometheusRule": closed(
        {
            "groups": {
                "type": "array",
                "items": closed(
                    {
                        "name": TEXT,
                        "rules": {
                            "type": "array",
                            "items": {
                                "oneOf": [
                                    closed({"record": TEXT, "expr": TEXT}),
                                    closed(
                                        {"alert": TEXT, "expr": TEXT},
                                        labels=WORDS,
                                        annotations=WORDS,
                                        **{"for": DURATION},
                                    ),
                                ]
                            },
                        },
                    }
                ),
            }
        }
    ),
}


@pytest.fixture(scope="module", params=["cpu", "gpu"])
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """An overlay with the line of the docs."""
    manifests = with_components(MANIFESTS, CONFIG, tmp_path_factory.mktemp("watched"), LINE)
    plain, built = (build(folder / "overlays" / request.param) for folder in (MANIFESTS, manifests))
    assert built[: len(plain)] == plain
    assert {one["kind"] for one in built[len(plain) :]} == {*KINDS, "NetworkPolicy"}
    return built


def custom(objects: list[Object]) -> list[Object]:
    return [one for one in objects if one["kind"] in KINDS]


def faults(one: Object) -> list[str]:
    schema = closed(
        {
            "apiVersion": {"const": "monitoring.coreos.com/v1"},
            "kind": TEXT,
            "metadata": METADATA,
            "spec": KINDS[one["kind"]],
        }
    )
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(one)]


def test_what_the_operator_reads_has_its_fields_and_no_other(watched: list[Object]) -> None:
    assert len(custom(watched)) == 2
    for one in custom(watched):
        assert faults(one) == []


def test_a_mistyped_field_is_found(watched: list[Object]) -> None:
    monitor = find(watched, "ServiceMonitor", "cxr")
    (endpoint,) = monitor["spec"]["endpoints"]
    wrong = {**monitor, "spec": {**monitor["spec"], "endpoints": [{**endpoint, "intervall": "15s"}]}}
    assert any("intervall" in fault for fault in faults(wrong))


def test_prometheus_finds_the_server_and_asks_where_it_answers(watched: list[Object]) -> None:
    spec = find(watched, "ServiceMonitor", "cxr")["spec"]
    wanted = spec["selector"]["matchLabels"].items()
    services = [one for one in watched if one["kind"] == "Service" and wanted <= one["metadata"]["labels"].items()]
    assert [one["metadata"]["name"] for one in services] == ["tensorflow"]
    (endpoint,) = spec["endpoints"]
    assert endpoint["port"] in {port["name"] for port in services[0]["spec"]["ports"]}
    assert f'path: "{endpoint["path"]}"' in (CONFIG / "monitoring.config").read_text(encoding="utf-8")
    assert services[0]["metadata"]["labels"][spec["jobLabel"]] == "cxr"
    compose = yaml.safe_load((PROJECT / "serving/monitoring/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert compose["scrape_configs"][0]["job_name"] == "cxr"
    assert endpoint["interval"] == compose["global"]["scrape_interval"]
    assert endpoint["scrapeTimeout"] == compose["global"]["scrape_timeout"]


def test_alerts_are_those_of_the_compose_file_that_need_no_probe(watched: list[Object]) -> None:
    probes = re.compile(r"probe_|cxr-version|cxr-proxy")
    without = [group for group in GROUPS if not any(probes.search(rule["expr"]) for rule in group["rules"])]
    assert find(watched, "PrometheusRule", "cxr")["spec"]["groups"] == without
    (left_out,) = [group for group in GROUPS if group not in without]
    assert all(probes.search(rule["expr"]) for rule in left_out["rules"])
    assert len(left_out["rules"]) == 3
    assert "but for the three that need a probe" in " ".join(SECTION.split())


def test_prometheus_is_let_in_and_nobody_else_is(watched: list[Object]) -> None:
    policy = find(watched, "NetworkPolicy", "cxr-monitoring")["spec"]
    server = find(watched, "Deployment", "tensorflow")["spec"]["template"]
    assert policy["podSelector"] == find(watched, "NetworkPolicy", "cxr-server")["spec"]["podSelector"]
    assert policy["policyTypes"] == ["Ingress"]
    (rule,) = policy["ingress"]
    (peer,) = rule["from"]
    # One peer with both, not two with one each: that would be everybody in the namespace.
    assert peer.keys() == {"namespaceSelector", "podSelector"}
    assert "in the\nnamespace `monitoring`" in SECTION
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
    (port,) = rule["ports"]
    assert port["port"] in {one["name"] for one in server["spec"]["containers"][0]["ports"]}
