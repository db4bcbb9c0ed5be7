"""The component scaling: what it changes in an overlay and nothing else, and that the numbers fit each other."""

import copy
import re
from pathlib import Path

import pytest

from tests.kubeflow.kustomize import Object, build, find, with_components

PROJECT = Path(__file__).parents[2]
MANIFESTS = PROJECT / "kubeflow" / "manifests"
CONFIG = PROJECT / "serving" / "config"
DOCS = (PROJECT / "docs" / "kubeflow-serving.md").read_text(encoding="utf-8")
SECTION = DOCS.partition("## More than one server\n")[2].partition("\n## ")[0]
(LINE,) = re.findall(r"^components: .*$", SECTION, re.M)
PLAIN = build(MANIFESTS / "overlays" / "cpu")


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """The overlay for CPUs with the line of the docs."""
    return build(with_components(MANIFESTS, CONFIG, tmp_path_factory.mktemp("scaled"), LINE) / "overlays" / "cpu")


def selected(objects: list[Object], labels: dict[str, str]) -> list[str]:
    """Names of the deployments whose pods carry the labels."""
    return [
        one["metadata"]["name"]
        for one in objects
        if one["kind"] == "Deployment" and labels.items() <= one["spec"]["template"]["metadata"]["labels"].items()
    ]


def test_an_overlay_gets_an_autoscaler_and_two_budgets_and_its_deployments_lose_nothing(scaled: list[Object]) -> None:
    kept = copy.deepcopy(scaled)
    for name in ("tensorflow", "cxr"):
        spec = find(kept, "Deployment", name)["spec"]
        (spread,) = spec["template"]["spec"].pop("topologySpreadConstraints")
        assert selected(scaled, spread["labelSelector"]["matchLabels"]) == [name]
        spec["replicas"] = 1
    added = [one for one in kept if one["kind"] in ("HorizontalPodAutoscaler", "PodDisruptionBudget")]
    assert [one for one in kept if one not in added] == PLAIN
    assert sorted((one["kind"], one["metadata"]["name"]) for one in added) == [
        ("HorizontalPodAutoscaler", "tensorflow"),
        ("PodDisruptionBudget", "cxr"),
        ("PodDisruptionBudget", "tensorflow"),
    ]
    assert {one["metadata"]["namespace"] for one in added} == {"kubeflow"}


def test_the_autoscaler_alone_says_how_many_servers_there_are(scaled: list[Object]) -> None:
    target = find(scaled, "HorizontalPodAutoscaler", "tensorflow")["spec"]["scaleTargetRef"]
    server = find(scaled, target["kind"], target["name"])
    assert target["apiVersion"] == server["apiVersion"]
    assert "replicas" not in server["spec"]


def test_what_is_measured_is_a_share_of_what_is_requested(scaled: list[Object]) -> None:
    (metric,) = find(scaled, "HorizontalPodAutoscaler", "tensorflow")["spec"]["metrics"]
    assert metric["resource"]["target"]["type"] == "Utilization"
    (container,) = find(scaled, "Deployment", "tensorflow")["spec"]["template"]["spec"]["containers"]
    # Below the limit, or it is never reached.
    requests, limits = (container["resources"][kind][metric["resource"]["name"]] for kind in ("requests", "limits"))
    assert int(requests) * metric["resource"]["target"]["averageUtilization"] < int(limits) * 100


def test_a_node_that_is_emptied_leaves_one_of_each(scaled: list[Object]) -> None:
    least = {
        "tensorflow": find(scaled, "HorizontalPodAutoscaler", "tensorflow")["spec"]["minReplicas"],
        "cxr": find(scaled, "Deployment", "cxr")["spec"]["replicas"],
    }
    for name, replicas in least.items():
        budget = find(scaled, "PodDisruptionBudget", name)["spec"]
        assert selected(scaled, budget["selector"]["matchLabels"]) == [name]
        assert replicas - budget["maxUnavailable"] >= 1
        assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_proxies_let_in_no_more_than_the_least_servers_have_threads_for(scaled: list[Object]) -> None:
    nginx = (CONFIG / "nginx.conf").read_text(encoding="utf-8")
    (at_once,) = re.findall(r"^    limit_conn all (\d+);", nginx, re.M)
    (of_one,) = re.findall(r"^    limit_conn client (\d+);", nginx, re.M)
    (container,) = find(scaled, "Deployment", "tensorflow")["spec"]["template"]["spec"]["containers"]
    (threads,) = re.findall(r"--grpc_max_threads=(\d+)", " ".join(container["args"]))
    servers = find(scaled, "HorizontalPodAutoscaler", "tensorflow")["spec"]["minReplicas"]
    proxies = find(scaled, "Deployment", "cxr")["spec"]["replicas"]
    assert proxies * int(at_once) <= servers * int(threads)
    assert f"so {proxies * int(at_once)} requests at once, and {proxies * int(of_one)} of one address" in SECTION


def test_the_docs_say_what_the_autoscaler_does(scaled: list[Object]) -> None:
    spec = find(scaled, "HorizontalPodAutoscaler", "tensorflow")["spec"]
    assert f"| servers | {spec['minReplicas']} to {spec['maxReplicas']}, by" in SECTION
    assert f"busy for more than {spec['metrics'][0]['resource']['target']['averageUtilization']} %" in SECTION
    for way in ("scaleUp", "scaleDown"):
        assert spec["behavior"][way]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 300}]
    assert "| up | one server in five minutes" in SECTION
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 900
    assert "| down | one in five minutes, after a quarter of an hour" in SECTION
