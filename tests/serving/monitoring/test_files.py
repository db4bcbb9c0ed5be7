"""What watches TF Serving: one list of metrics, and names, ports and paths that the compose file has."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.settings import ServingSettings
from tests.serving.monitoring.files import (
    ALERTS,
    COMPOSE,
    CONFIG,
    DASHBOARD,
    DATASOURCE,
    JOBS,
    MODULES,
    PANELS,
    PROVIDER,
    PROXY,
    RECORDED,
    RULES,
    SERVICES,
    SERVING,
    read,
)
from tests.serving.monitoring.metrics import DOCS, METRICS, SERIES

QUERIES = {
    **{rule.get("alert") or rule["record"]: rule["expr"] for rule in RULES},
    **{f"{panel['title']}, {one['refId']}": one["expr"] for panel in PANELS for one in panel["targets"]},
}
#: Of Prometheus itself and of the blackbox exporter.
OTHERS = {"up", "probe_success", "ALERTS"}

every_query = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)


def selectors(query: str) -> Iterator[tuple[str, set[str], dict[str, str]]]:
    """Each metric of a query with the labels that are asked for, and those that must be equal to something."""
    for name, inside in re.findall(r"((?<![\w:]):?[a-zA-Z][\w:]*)\{([^}]*)\}", query):
        matchers = re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"', inside)
        yield name, {label for label, _, _ in matchers}, {label: text for label, op, text in matchers if op == "="}


def words(query: str) -> set[str]:
    """Names of metrics, with selectors or without."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|(?:by|on) \([^)]*\)', " ", query)
    return set(re.findall(r"(?<![\w:.]):?[a-zA-Z_][\w:]*:[\w:]*|\b(?:up|ALERTS|probe_\w+)\b", bare))


def hosts_on(network: str) -> set[str]:
    """Names under which services of the network find each other."""
    names = set()
    for name, service in SERVICES.items():
        if network in service["networks"]:
            names.add(name)
            if isinstance(service["networks"], dict):
                names |= set(service["networks"][network].get("aliases", []))
    return names


@every_query
def test_a_query_asks_for_metrics_of_the_list_and_for_what_is_recorded(query: str) -> None:
    assert words(query)
    assert words(query) <= SERIES.keys() | RECORDED | OTHERS


def test_every_metric_of_the_list_is_asked_for() -> None:
    asked = {word for query in QUERIES.values() for word in words(query)}
    assert {
        name for name, metric in METRICS.items() if not asked & {f"{name}{suffix}" for suffix in metric.suffixes}
    } == set()
    assert len(METRICS) > 5
    assert asked >= RECORDED | OTHERS


@every_query
def test_a_selector_has_labels_of_its_metric_and_a_job_that_is_scraped(query: str) -> None:
    for name, labels, equal in selectors(query):
        if name in SERIES:
            assert labels <= SERIES[name].labels | {"job"}, name
            assert equal["job"] == "cxr", name
        elif "job" in equal:
            assert equal["job"] in JOBS
    for job in re.findall(r'job=~"([^"]*)"', query):
        assert set(job.split("|")) <= JOBS.keys()
    for label in {one for inside in re.findall(r"by \(([^)]*)\)", query) for one in re.split(r",\s*", inside)}:
        known = {one for word in words(query) & SERIES.keys() for one in SERIES[word].labels}
        assert label in known | {"le", "instance"}


def test_times_are_seconds_to_the_reader_and_microseconds_to_the_server() -> None:
    for name, query in QUERIES.items():
        if re.search(r"latency(_sum|_bucket)?\{", query):
            assert query.count("/ 1e6") == 1, name


def test_the_alerts_of_the_docs_are_those_of_the_file_with_their_times() -> None:
    rows = re.findall(r"^\| `(Cxr\w+)` \| .* \| (\d+) min \|", DOCS, re.M)
    assert {name: f"{minutes}m" for name, minutes in rows} == {name: rule["for"] for name, rule in ALERTS.items()}
    for rule in ALERTS.values():
        assert rule["labels"].keys() == {"severity"}
        assert rule["annotations"].keys() == {"summary", "description"}


@pytest.mark.parametrize(
    "name, said, bound",
    [
        ("CxrErrors", "more than 5 % of the requests fail in the server, 5 or more in five minutes", "> 0.05 and"),
        ("CxrRefusals", "more than 25 % of the requests are refused, 5 or more in five minutes", "> 0.25 and"),
        ("CxrSlow", "1 prediction of 100 takes longer than 10 s", "> 10"),
    ],
)
def test_the_bounds_of_the_docs_are_those_of_the_alerts(name: str, said: str, bound: str) -> None:
    assert f"| `{name}` | {said} |" in DOCS
    assert bound in ALERTS[name]["expr"]
    assert bound.endswith("and") is ("* 300 >= 5" in ALERTS[name]["expr"])


def test_the_server_is_asked_where_it_answers() -> None:
    path = (SERVING / "config" / "monitoring.config").read_text(encoding="utf-8").split('path: "')[1].split('"')[0]
    assert JOBS["cxr"]["metrics_path"] == path
    (target,) = JOBS["cxr"]["static_configs"][0]["targets"]
    for name in ("tensorflow-cpu", "tensorflow-gpu"):
        (alias,) = SERVICES[name]["networks"]["inside"]["aliases"]
        (port,) = [flag.split("=")[1] for flag in SERVICES[name]["command"] if flag.startswith("--rest_api_port=")]
        assert target == f"{alias}:{port}"
    assert "inside" in SERVICES["prometheus"]["networks"]
    (status,) = JOBS["cxr-version"]["static_configs"][0]["targets"]
    assert status == f"http://{target}/v1/models/{ServingSettings().model_name}"


def test_prometheus_reaches_the_probes_and_they_what_they_ask() -> None:
    for name in ("cxr-version", "cxr-proxy"):
        (module,) = JOBS[name]["params"]["module"]
        assert module in MODULES
        exporter = JOBS[name]["relabel_configs"][-1]["replacement"]
        assert exporter == "probes:9115"  # the exporter's own port
        assert exporter.split(":")[0] in hosts_on("inside")
    assert JOBS["cxr-proxy"]["file_sd_configs"] == [{"files": ["proxy.yml"]}]
    targets = [
        *JOBS["cxr-version"]["static_configs"],
        *(one for groups in PROXY.values() for one in groups),
    ]
    for target in (target for one in targets for target in one["targets"]):
        assert urlsplit(target).hostname in hosts_on("inside")
    assert SERVICES["probes"]["networks"] == ["inside"]
    nginx = (SERVING / "config" / "nginx.conf").read_text(encoding="utf-8")
    assert all(f"location = {urlsplit(one[0]['targets'][0]).path} " in nginx for one in PROXY.values())


def test_with_tls_the_proxy_is_asked_over_tls() -> None:
    schemes = {way: urlsplit(groups[0]["targets"][0]).scheme for way, groups in PROXY.items()}
    assert schemes == {"prometheus": "http", "tls": "https"}
    assert read("compose.tls.yaml")["services"]["prometheus"]["volumes"] == [
        "./monitoring/tls/proxy.yml:/etc/prometheus/proxy.yml:ro"
    ]
    assert MODULES["healthy"]["http"]["tls_config"] == {"insecure_skip_verify": True}


def test_nobody_waits_longer_than_whoever_asked() -> None:
    seconds = {name: int(value.removesuffix("s")) for name, value in CONFIG["global"].items()}
    assert seconds["scrape_timeout"] < seconds["scrape_interval"]
    for module in MODULES.values():
        assert int(module["timeout"].removesuffix("s")) < seconds["scrape_timeout"]
    assert DATASOURCE["jsonData"]["timeInterval"] == CONFIG["global"]["scrape_interval"]


def test_the_dashboard_finds_its_data() -> None:
    sources = {panel["datasource"]["uid"] for panel in PANELS}
    assert sources == {DATASOURCE["uid"]}
    assert {panel["datasource"]["type"] for panel in PANELS} == {DATASOURCE["type"]}
    url = urlsplit(DATASOURCE["url"])
    assert url.port == 9090  # Prometheus's own
    assert set(SERVICES["prometheus"]["networks"]) & set(SERVICES["grafana"]["networks"]) == {"watch"}
    assert url.hostname in hosts_on("watch")
    assert COMPOSE["networks"]["watch"] == {"internal": True}


def test_panels_lie_side_by_side_and_each_says_what_it_shows() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24  # Grafana's columns
        taken |= cells
        assert panel["description"].endswith(".")
        assert [one["refId"] for one in panel["targets"]] == list("ABCDE"[: len(panel["targets"])])
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)


def test_grafana_reads_what_is_mounted_and_lets_nobody_change_it() -> None:
    grafana = SERVICES["grafana"]
    source, target, mode = grafana["volumes"][0].split(":")
    assert (SERVING / source, mode) == (SERVING / "./monitoring/grafana", "ro")
    assert PROVIDER["options"]["path"] == f"{target}/dashboards"
    assert grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{target}/dashboards/cxr.json"
    assert grafana["ports"] == ["127.0.0.1:3000:3000"]
    settings = {name.removeprefix("GF_"): value for name, value in grafana["environment"].items()}
    assert settings["AUTH_BASIC_ENABLED"] == "false"
    assert settings["AUTH_DISABLE_LOGIN_FORM"] == settings["SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert DASHBOARD["editable"] is PROVIDER["allowUiUpdates"] is False


def test_what_is_mounted_is_read_and_what_is_kept_is_as_the_docs_say() -> None:
    prometheus, probes = SERVICES["prometheus"], SERVICES["probes"]
    for service, file in ((prometheus, "prometheus.yml"), (probes, "probes.yml")):
        (path,) = [word.split("=")[1] for word in service["command"] if word.startswith("--config.file=")]
        source, target, _ = service["volumes"][0].split(":")
        assert path == f"{target}/{file}"
        assert (SERVING / source / file).is_file()
    assert CONFIG["rule_files"] == ["alerts.yml"]
    (days,) = re.findall(r"retention.time=(\d+)d", " ".join(prometheus["command"]))
    assert f"Prometheus keeps {days} days in the volume `{COMPOSE['name']}_prometheus`" in DOCS
    assert COMPOSE["volumes"] == {"prometheus": {}}


def test_the_profile_has_nothing_else_and_is_off_until_it_is_asked_for() -> None:
    watching = {name for name, service in SERVICES.items() if service["profiles"] == ["monitoring"]}
    assert watching == {"prometheus", "probes", "grafana"}
    assert all("monitoring" not in service["profiles"] for name, service in SERVICES.items() if name not in watching)
    assert "--profile cpu --profile monitoring up" in DOCS


def test_metrics_of_tensorflow_itself_are_those_of_the_tensorflow_that_is_installed() -> None:
    spec = find_spec("tensorflow")
    assert spec is not None
    assert spec.origin is not None
    library = Path(spec.origin).with_name("libtensorflow_framework.so.2").read_bytes()
    own = [name for name in METRICS if not name.startswith(":tensorflow:serving:")]
    assert len(own) == 2
    for name in own:
        assert name.replace(":", "/").encode() + b"\0" in library
