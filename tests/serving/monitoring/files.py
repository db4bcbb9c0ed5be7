"""The delivered files, read."""

import json
from pathlib import Path
from typing import Any

import yaml

SERVING = Path(__file__).parents[3] / "serving"
MONITORING = SERVING / "monitoring"


def read(name: str) -> Any:
    """A YAML file below ``serving``."""
    return yaml.safe_load((SERVING / name).read_text(encoding="utf-8"))


CONFIG = read("monitoring/prometheus/prometheus.yml")
JOBS = {job["job_name"]: job for job in CONFIG["scrape_configs"]}
#: Where the proxy is asked, without TLS and with.
PROXY = {way: read(f"monitoring/{way}/proxy.yml") for way in ("prometheus", "tls")}
GROUPS = read("monitoring/prometheus/alerts.yml")["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
MODULES = read("monitoring/probes/probes.yml")["modules"]
(DATASOURCE,) = read("monitoring/grafana/datasources/prometheus.yml")["datasources"]
(PROVIDER,) = read("monitoring/grafana/dashboards/dashboards.yml")["providers"]
DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "cxr.json").read_text(encoding="utf-8"))
PANELS = DASHBOARD["panels"]
COMPOSE = read("compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
