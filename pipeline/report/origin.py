"""What a result can be traced back to: code, data, packages, seeds, settings. No folder of films."""

import importlib.metadata
import platform
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.digests import PROJECT
from pipeline.report.data import Origin
from pipeline.report.redaction import Redactor
from pipeline.settings import RunSettings
from trainer.servable import ModelInfo

#: Distributions that a result depends on most; all others stand in the lock, whose bytes are in the code digests.
PACKAGES: Final = (
    "cxr", "tensorflow", "keras", "tfx", "tensorflow-data-validation", "tensorflow-model-analysis", "apache-beam",
    "ml-metadata", "numpy", "scipy", "scikit-learn", "pyarrow", "pillow",
)  # fmt: skip

#: What a search calls otherwise than the settings do.
_KEYS: Final = {"strength": "trainer.augmentation.strength"}


def origin_of(settings: RunSettings, model: ModelInfo | None, digests: Mapping[str, str], redactor: Redactor) -> Origin:
    """Gathers what a result can be traced back to.

    Args:
        settings: Of the run.
        model: What lies beside the SavedModel; its digests count where ``digests`` has none.
        digests: Name -> digest.
        redactor: Cleans the values of settings.
    """
    of_model = {"data": model.data_digest, "Trainer": model.code_digest} if model else {}
    listed = _searched(_listed(settings, redactor), model)
    return Origin(
        revision=_revision(),
        digests={**of_model, **digests},
        versions={"python": platform.python_version(), **dict(_versions())},
        seeds={key: int(value) for key, value in listed if key.rpartition(".")[2] == "seed"},
        settings=tuple(listed),
    )


def _listed(settings: RunSettings, redactor: Redactor) -> list[tuple[str, str]]:
    values = settings.model_dump(mode="json")
    data = values["data"]
    data.pop("root")
    # Where in a source its films and tables lie is nothing that a result depends on.
    data["sources"] = [f"{source['name']} ({source['kind']})" for source in data["sources"]]
    values.pop("kubeflow")  # names of volumes and secrets
    values["trainer"]["weights"] = Path(values["trainer"]["weights"]).name
    values["beam"] = _runners(values["beam"])
    return [(key, redactor.text(value)) for key, value in _flat(values)]


def _runners(beam: Mapping[str, Any]) -> dict[str, Any]:
    """Runners without their options, which may name hosts and folders."""
    own = {node: {"runner": one["runner"]} for node, one in beam["components"].items()}
    return {"runner": beam["runner"], "components": own}


def _searched(listed: list[tuple[str, str]], model: ModelInfo | None) -> list[tuple[str, str]]:
    """The settings, with what a search put in their place beside those of the trainer that it searched."""
    if model is None or model.tuning is None:
        return listed
    used = {_KEYS.get(name, f"trainer.{name}"): value for name, value in model.tuning.values.items()}
    return [(key, f"{value} (searched; used {used[key]})" if key in used else value) for key, value in listed]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            for place, item in enumerate(value):
                yield from _flat(item, f"{name}.{place}.")
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value)) or "none"
        else:
            yield name, "none" if value is None else str(value)


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
            continue


def _revision() -> str:
    """The commit of the checkout that runs, with ``-dirty`` where files differ from it; empty outside of one."""
    if not (PROJECT / ".git").exists():  # git itself would take a repository around the installed packages
        return ""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
