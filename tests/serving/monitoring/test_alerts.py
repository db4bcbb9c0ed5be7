"""The alerts, asked by Prometheus's own tool about series that must make them fire and series that must not."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.serving.monitoring.files import ALERTS, MONITORING

PROMETHEUS = MONITORING / "prometheus"
SERVER = 'job="cxr", instance="tensorflow:8501"'
ANSWERED = f':tensorflow:serving:request_latency_count{{{SERVER}, model_name="cxr", API="predict", entrypoint="REST"}}'
ASKED_FOR_STATUS = ANSWERED.replace('API="predict"', 'API=""')
LOADED = f':tensorflow:cc:saved_model:load_attempt_count{{{SERVER}, model_path="/models/cxr/2", status="success"}}'
WARM = f':tensorflow:serving:model_warmup_latency_count{{{SERVER}, model_path="/models/cxr/2", status="OK"}}'
UP = f"up{{{SERVER}}}"
VERSION = 'probe_success{job="cxr-version", instance="http://tensorflow:8501/v1/models/cxr"}'
PROXY = 'probe_success{job="cxr-proxy", instance="http://proxy:8501/healthz"}'


def ended(status: str) -> str:
    return f':tensorflow:serving:request_count{{{SERVER}, model_name="cxr", status="{status}"}}'


def bucket(upto: str, api: str = "predict") -> str:
    labels = f'{SERVER}, model_name="cxr", API="{api}", entrypoint="REST"'
    return f':tensorflow:serving:request_latency_bucket{{{labels}, le="{upto}"}}'


#: What it is -> series, as promtool writes them, one value every 15 s; minutes -> alerts that fire then.
Case = tuple[dict[str, str], dict[int, set[str]]]
CASES: dict[str, Case] = {
    "the only server falls silent": ({UP: "1x20 0x40"}, {4: set(), 6: set(), 9: {"CxrServerDown"}}),
    "one of two has not loaded yet": ({UP: "1x80", UP.replace("8501", "1"): "0x80"}, {20: set()}),
    "one of eleven fails": (
        {ANSWERED: "0+15x80", ended("UNAVAILABLE"): "0+1.5x80"}, {4: set(), 18: {"CxrErrors"}},
    ),
    "one of forty fails": ({ANSWERED: "0+15x80", ended("UNAVAILABLE"): "0+0.375x80"}, {18: set()}),
    "all fail, and none was ever answered": ({ended("FAILED_PRECONDITION"): "0+3x80"}, {18: {"CxrErrors"}}),
    "the two requests of the night fail": ({ended("INTERNAL"): "0x20 1x12 2x60"}, {6: set(), 12: set(), 18: set()}),
    "health checks hide no failure": (
        {
            ANSWERED: "0+15x80", ended("UNAVAILABLE"): "0+1.5x80",
            ASKED_FOR_STATUS: "0+300x80", ended("OK"): "0+315x80",
        },
        {18: {"CxrErrors"}},
    ),
    "half are refused": (
        {ANSWERED: "0+15x120", ended("INVALID_ARGUMENT"): "0+10x120", ended("NOT_FOUND"): "0+5x120"},
        {12: set(), 28: {"CxrRefusals"}},
    ),
    "one of ten is refused": ({ANSWERED: "0+15x120", ended("INVALID_ARGUMENT"): "0+1.5x120"}, {28: set()}),
    "2 of 100 take more than 13 s": (
        {bucket("7.43477e+06"): "0+98x80", bucket("1.33826e+07"): "0+98x80", bucket("+Inf"): "0+100x80"},
        {5: set(), 18: {"CxrSlow"}},
    ),
    "all take less than 8 s": (
        {bucket("7.43477e+06"): "0+100x80", bucket("1.33826e+07"): "0+100x80", bucket("+Inf"): "0+100x80"},
        {18: set()},
    ),
    "the status takes long": (
        {bucket("7.43477e+06", ""): "0x80", bucket("1.33826e+07", ""): "0+9x80", bucket("+Inf", ""): "0+9x80"},
        {18: set()},
    ),
    "a version is loaded, and its warm-up fails": (
        {LOADED: "_x20 1x4 2x4 3x4 4x4 5x4 6x1600"},
        {9: set(), 12: {"CxrVersionRefused"}, 60: {"CxrVersionRefused"}, 400: set()},
    ),
    "a version is loaded and warmed up": ({LOADED: "_x20 1x80", WARM: "_x24 1x76"}, {12: set(), 24: set()}),
    "a version cannot be read": (
        {LOADED.replace("success", "fail"): "_x20 1x80"}, {12: {"CxrVersionRefused"}},
    ),
    "the only version is unloaded": (
        {UP: "1x80", VERSION: "1x20 0x60", PROXY: "1x20 0x60"}, {6: set(), 9: {"CxrNoVersion"}},
    ),
    "a server that is down has no version either": (
        {UP: "1x20 0x60", VERSION: "1x20 0x60", PROXY: "1x20 0x60"}, {9: {"CxrServerDown"}},
    ),
    "the proxy looks for the old address": (
        {UP: "1x80", VERSION: "1x80", PROXY: "1x20 0x60"}, {6: set(), 9: {"CxrProxyDown"}},
    ),
    "all is well": ({UP: "1x80", VERSION: "1x80", PROXY: "1x80", ANSWERED: "0+15x80"}, {18: set()}),
    "nobody probes": ({UP: "1x80", 'up{job="cxr-version"}': "1x20 0x60"}, {9: set(), 12: {"CxrProbesDown"}}),
}  # fmt: skip
#: Cases in which a server must be there, since they are about something else.
WITH_SERVER = [name for name, (series, _) in CASES.items() if not any(key.startswith("up{") for key in series)]


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not here: apt-get install prometheus")
    return found


def written(case: Case, name: str) -> dict[str, Any]:
    """One test of promtool's: after so many minutes exactly these alerts fire."""
    series, minutes = case
    present = {UP: "1x1700"} if name in WITH_SERVER else {}
    return {
        "interval": "15s",
        "input_series": [{"series": key, "values": values} for key, values in {**present, **series}.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerts)],
            }
            for minute, alerts in minutes.items()
        ],
    }


def run(promtool: str, folder: Path, rules: str, cases: dict[str, Case]) -> subprocess.CompletedProcess[str]:
    (folder / "alerts.yml").write_text(rules, encoding="utf-8")
    tests = [written(case, name) for name, case in cases.items()]
    text = yaml.safe_dump({"rule_files": ["alerts.yml"], "evaluation_interval": "1m", "tests": tests})
    (folder / "tests.yml").write_text(text, encoding="utf-8")
    return subprocess.run(
        [promtool, "test", "rules", folder / "tests.yml"], capture_output=True, text=True, check=False, timeout=60
    )


def test_every_alert_has_a_case_in_which_it_fires_and_one_before_which_it_does_not() -> None:
    fired = {alert for _, minutes in CASES.values() for alerts in minutes.values() for alert in alerts}
    assert fired == ALERTS.keys()
    assert any(not alerts for _, minutes in CASES.values() for alerts in minutes.values())


def test_prometheus_takes_the_configuration_and_its_rules(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "config", PROMETHEUS / "prometheus.yml"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS) + 3} rules found" in done.stdout


def test_alerts_fire_when_they_must_and_only_then(promtool: str, tmp_path: Path) -> None:
    done = run(promtool, tmp_path, (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"), CASES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "given, instead, case",
    [
        ("or vector(0)", "", "all fail, and none was ever answered"),
        ('absent(up{job="cxr"} == 1)', 'up{job="cxr"} == 0', "one of two has not loaded yet"),
        ("and cxr:requests_failed:rate5m * 300 >= 5", "", "the two requests of the night fail"),
        (', API=~"[Pp]redict"', "", "health checks hide no failure"),
        ("for: 5m", "for: 1h", "a version cannot be read"),
    ],
)
def test_a_rule_that_were_otherwise_would_be_found(
    promtool: str, tmp_path: Path, given: str, instead: str, case: str
) -> None:
    rules = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
    assert given in rules
    assert run(promtool, tmp_path, rules, {case: CASES[case]}).returncode == 0
    assert run(promtool, tmp_path, rules.replace(given, instead), {case: CASES[case]}).returncode != 0
