"""What ``cxr models`` prints: a table of versions for each model, or one object."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from serving.model_config import read_config, starter
from serving.server_status import Server, ServerStatus, status_of
from serving.version_policy import faults, policy_of, served
from serving.versions import Version, chosen_model, models_in, versions_of
from trainer.features import TEST
from trainer.servable import Rate

_METRICS: Final = ("recall", "specificity", "auc")


@dataclass(frozen=True)
class ModelListing:
    """A model: what lies there, what the config says of it, and what a server says.

    Attributes:
        config: None where a config file does not name the model.
        server: None where no server was asked.
    """

    name: str
    versions: Sequence[Version]
    config: ModelConfig | None
    server: ServerStatus | None

    @property
    def configured(self) -> list[int]:
        """Versions that the config names to be served, oldest first; only a server knows which of them answer."""
        return served(self.config, (one.number for one in self.versions)) if self.config is not None else []

    @property
    def faults(self) -> list[str]:
        """What a server would stumble over, or has."""
        if self.config is None:
            return ["the model config file does not name this model, and it is not served"]
        found = faults(self.config, self.versions)
        if self.server is not None:
            for number in set(self.configured) - self.server.available:
                why = self.server.errors.get(number) or f"its state there is {self.state_of(number)}"
                found.append(f"version {number} is not available on the server: {why}")
        return found

    def state_of(self, number: int) -> str | None:
        """The server's word for a version's state; None where no server was asked."""
        return self.server.states.get(number, "unknown") if self.server is not None else None

    def labels_of(self, number: int) -> list[str]:
        """The labels of a version."""
        return sorted(label for label, at in self.config.version_labels.items() if at == number) if self.config else []


@dataclass(frozen=True)
class Listing:
    """All models of a folder. The config file is None where there is none."""

    folder: Path
    config_file: Path | None
    models: Sequence[ModelListing]


def listing(folder: Path, config_file: Path, name: str | None, server: Server | None) -> Listing:
    """Reads the folder and the config file, and asks the server.

    Without a file it is what a server does that is pointed to the folder: it serves the newest version.
    """
    found = models_in(folder)
    if name:
        found = dict([chosen_model(found, name)])
    config = read_config(config_file) if config_file.exists() else None
    by_name = {model.name: model for model in config.model_config_list.config} if config else {}
    models = [
        ModelListing(
            name=model,
            versions=versions_of(model_folder),
            config=by_name.get(model) if config else starter(model).model_config_list.config[0],
            server=status_of(server, model) if server else None,
        )
        for model, model_folder in found.items()
    ]
    return Listing(folder, config_file if config else None, models)


def as_object(found: Listing) -> dict[str, Any]:
    """For machines: metrics, gate and notes as ``model.json`` has them."""
    return {
        "folder": str(found.folder),
        "config": str(found.config_file) if found.config_file else None,
        "models": [
            {
                "name": model.name,
                "policy": policy_of(model.config) if model.config else None,
                "labels": dict(sorted(model.config.version_labels.items())) if model.config else {},
                "faults": model.faults,
                "versions": [_version(model, version) for version in reversed(model.versions)],
            }
            for model in found.models
        ],
    }


def _version(model: ModelListing, version: Version) -> dict[str, Any]:
    info = version.info
    return {
        "version": version.number,
        "state": "incomplete" if version.fault else "complete",
        "fault": version.fault or None,
        "configured": version.number in model.configured,
        "labels": model.labels_of(version.number),
        "server": model.state_of(version.number),
        "pushed": version.pushed.isoformat(timespec="seconds") if version.pushed else None,
        "bytes": version.bytes,
        "backbone": info.backbone if info else None,
        "weights": info.weights if info else None,
        "threshold": info.threshold if info else None,
        "metrics": {name: rate.model_dump() for name, rate in info.metrics.get(TEST, {}).items()} if info else {},
        "gate": list(info.gate) if info else [],
        "notes": list(info.notes) if info else [],
    }


def lines_of(found: Listing) -> Iterator[RenderableType]:
    """For people: a table for each model, newest version first, and what to know about it."""
    for model in found.models:
        yield Text(f"{model.name}: {policy_of(model.config) if model.config else 'no version'} to be served")
        yield _table(model)
        yield from (Text(f"Note: {fault}", style="yellow") for fault in model.faults)
        for version in model.versions:
            if version.fault and version.number not in model.configured:
                yield Text(f"Note: version {version.number} is incomplete ({version.fault})", style="yellow")
        notes: dict[str, list[int]] = {}
        for version in model.versions:
            for note in version.info.notes if version.info else ():
                notes.setdefault(note, []).append(version.number)
        for note, numbers in notes.items():
            yield Text(f"Note on {', '.join(map(str, numbers))}: {note}", style="yellow")
        if model.config is not None:
            yield from (Text(line) for line in _unlabelled(model.config, model.configured))
    if found.config_file:
        yield Text(f"config  {found.config_file}", overflow="fold")
    else:
        yield Text("config  none yet: cxr models serve latest writes one")


def _table(model: ModelListing) -> Table:
    server = ("server",) if model.server else ()
    table = Table(
        "version", "files", "configured", *server, "labels", "pushed (UTC)", *_METRICS, "gate", "MB", box=SIMPLE
    )
    table.columns[-1].justify = "right"
    for version in reversed(model.versions):
        configured = "yes" if version.number in model.configured else "no"
        info = version.info
        rates = info.metrics.get(TEST, {}) if info else {}
        table.add_row(
            str(version.number),
            "incomplete" if version.fault else "complete",
            configured,
            *([state] if (state := model.state_of(version.number)) else []),
            ", ".join(model.labels_of(version.number)),
            version.pushed.strftime("%Y-%m-%d %H:%M") if version.pushed else "",
            *(_rate(rates.get(name)) for name in _METRICS),
            f"{sum(bool(rule.get('passed')) for rule in info.gate)} of {len(info.gate)}" if info and info.gate else "",
            f"{version.bytes / 1e6:.1f}",
        )
    return table


def _rate(rate: Rate | None) -> str:
    return f"{rate.value:.3f}\n{rate.low:.3f} to {rate.high:.3f}" if rate else ""


def summary_of(model: ModelConfig, versions: Sequence[Version]) -> Iterator[str]:
    """After an edit: what a server does once it has read the file."""
    labels = ", ".join(f"{label} is {number}" for label, number in sorted(model.version_labels.items()))
    yield f"{model.name}: {policy_of(model)} to be served; {labels or 'no labels'}"
    yield from _unlabelled(model, served(model, (version.number for version in versions)))


def _unlabelled(model: ModelConfig, serving: Sequence[int]) -> Iterator[str]:
    """A trap of TF Serving: who names neither version nor label gets the newest, canary or not."""
    stable = model.version_labels.get("stable")
    if serving and stable is not None and serving[-1] != stable:
        yield f"{model.name}: a request without version or label is answered by {serving[-1]}, not by stable"
