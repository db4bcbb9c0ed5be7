"""Where a run's artifacts are, and what ML Metadata says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.lineage import NodeRun

#: Where TFX's Trainer puts the servable inside its artifact; ``tfx.utils.path_utils`` says the same in seconds.
_SERVABLE: Final = "Format-Serving"


@dataclass(frozen=True)
class Places:
    """Folders of a run's artifacts; None where the run did not come so far.

    Attributes:
        manifest: ``manifest.csv`` and ``rejected.csv``, ManifestGen's.
        rejected: ``rejected.csv`` of films that could not be decoded, XrayExampleGen's.
        examples: Records, a folder ``Split-<name>`` for each split.
        audit: ``audit.json``.
        trials: ``tuner_results.json``, the Tuner's.
        model: A SavedModel with its ``model.json``.
        predictions: ``predictions.parquet``.
        shortcuts: ``shortcuts.json`` and pictures.
        blessing: ``decision.json`` and ``assessment.json``.
    """

    manifest: Path | None = None
    rejected: Path | None = None
    examples: Path | None = None
    audit: Path | None = None
    trials: Path | None = None
    model: Path | None = None
    predictions: Path | None = None
    shortcuts: Path | None = None
    blessing: Path | None = None


@dataclass(frozen=True)
class Made:
    """One artifact: the output of a node under which it came, its type, and its id in ML Metadata."""

    key: str
    type: str
    id: int


@dataclass(frozen=True)
class Step:
    """One node of the run with what it made; no artifacts where ML Metadata was not asked.

    Attributes:
        state: ``ran``, ``cached`` or ``failed``; ``done`` where it is not known which of the first two.
        seconds: 0 for one from the cache.
    """

    node: str
    state: str
    seconds: float
    made: tuple[Made, ...] = ()


def places_of(nodes: Mapping[str, "NodeRun"]) -> Places:
    """Finds the artifacts among the outputs of the nodes that ended well."""

    def folder(node: str, key: str) -> Path | None:
        outputs = nodes[node].outputs if node in nodes and nodes[node].state != "failed" else {}
        return Path(outputs[key].uri) if key in outputs else None

    model = folder("Trainer", "model")
    return Places(
        manifest=folder("ManifestGen", "manifest"),
        rejected=folder("XrayExampleGen", "rejected"),
        examples=folder("XrayExampleGen", "examples"),
        audit=folder("DataAudit", "audit"),
        trials=folder("Tuner", "tuner_results"),
        model=model / _SERVABLE if model else None,
        predictions=folder("Score", "predictions"),
        shortcuts=folder("ShortcutAudit", "shortcuts"),
        blessing=folder("ReleaseGate", "blessing"),
    )


def steps_of(nodes: Mapping[str, "NodeRun"]) -> tuple[Step, ...]:
    """The nodes with their artifacts, in the order in which they came."""
    return tuple(
        Step(
            node.node,
            node.state,
            node.seconds,
            tuple(Made(key, artifact.type, artifact.id) for key, artifact in sorted(node.outputs.items())),
        )
        for node in nodes.values()
    )
