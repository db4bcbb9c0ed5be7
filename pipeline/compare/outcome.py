"""From the nodes of a comparison to its result."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from components.files import PREDICTIONS_FILE, TRIAL_FILE
from components.manifest_gen.manifest import Manifest, read_manifest, read_rejected, without, write_manifest
from components.manifest_gen.rows import ManifestRow
from pipeline.compare.nodes import node_of
from pipeline.compare.pairs import pairs_of
from pipeline.compare.result import ComparisonResult, MostProbable, NetworkResult, Spread
from pipeline.compare.study import STUDY
from pipeline.lineage import NodeRun
from pipeline.result import ComponentRun, RunResult
from trainer.assess import assess
from trainer.assessment import Assessment
from trainer.features import SPLITS, UNUSED, fold_names
from trainer.predictions import Predictions, read_predictions
from trainer.statistics import auc
from trainer.trial_report import TrialReport

#: What differs from fold to fold and is told of.
SPREAD: Final = ("accuracy", "recall", "specificity", "auc", "train_accuracy", "train_loss")

#: Metrics that rank films by their scores.
_RANKED: Final = ("auc", "pr_auc", "specificity_at_sensitivity")
_NO_RANK: Final = "scores of the networks of several folds do not rank against one another"

Tried = tuple[TrialReport, Predictions]


def failed(run: RunResult) -> ComparisonResult:
    """The result of a comparison in which a node raised."""
    return ComparisonResult(
        status="failed", reasons=run.reasons, films=run.films, rejected=run.rejected, components=run.components
    )


def finished(nodes: Mapping[str, NodeRun], names: Sequence[str], folds: int) -> tuple[str, ...]:
    """The networks of which no node is missing and none has failed."""
    done = {name for name, node in nodes.items() if node.state != "failed"}
    return tuple(
        name for name in names if done.issuperset(node_of(name, f) for f in (range(1, folds + 1) if folds else (0,)))
    )


def broken_off(result: ComparisonResult, run: RunResult, names: Sequence[str]) -> ComparisonResult:
    """The result of the networks that finished before a node raised; what it raised stands on top.

    Args:
        result: Of those that finished.
        run: What went wrong.
        names: Of all networks.
    """
    done = [network.name for network in result.networks]
    left = [name for name in names if name not in done]
    told = f"the comparison failed before {', '.join(left)} finished; what follows is of {', '.join(done)} alone"
    return result.model_copy(
        update={"status": "failed", "reasons": run.reasons, "warnings": (told, *run.reasons, *result.warnings)}
    )


def compared(nodes: Mapping[str, NodeRun], names: Sequence[str], folds: int, image_size: int) -> ComparisonResult:
    """The result of a comparison in which every node ended well; without what the audit says.

    Args:
        nodes: The nodes.
        names: Of the networks.
        folds: Of a cross-validation; 0 = none.
        image_size: Side of the networks' images in pixels.
    """
    tried = {
        name: [_read(nodes[node_of(name, fold)]) for fold in (range(1, folds + 1) if folds else (0,))] for name in names
    }
    predictions = {name: pooled([said for _, said in of]) for name, of in tried.items()}
    first = predictions[names[0]]
    manifest = manifest_of(nodes)
    networks = tuple(network_of(name, tried[name], predictions[name]) for name in names)
    return ComparisonResult(
        status="compared",
        classes=first.classes,
        positive=first.classes[first.positive],
        image_size=image_size,
        folds=folds,
        films=count_films(manifest.rows, folds),
        rejected=dict(Counter(rejection.reason for rejection in manifest.rejected).most_common()),
        networks=networks,
        pairs=pairs_of(predictions),
        study=STUDY,
        notes=_notes(networks),
        components={
            name: ComponentRun(state=node.state, seconds=round(node.seconds, 1)) for name, node in nodes.items()
        },
    )


def count_films(rows: Sequence[ManifestRow], folds: int) -> dict[str, dict[str, int]]:
    """Label -> split or fold, in the order in which they are used -> films."""
    counts = Counter((row.label, row.split) for row in rows)
    used = {row.split for row in rows}
    splits = [split for split in (*(fold_names(folds) or SPLITS), UNUSED) if split in used]
    return {
        label: {split: counts[label, split] for split in splits} for label in dict.fromkeys(row.label for row in rows)
    }


def network_of(name: str, tried: Sequence[Tried], predictions: Predictions) -> NetworkResult:
    """What one network comes to.

    Args:
        name: Of the network.
        tried: Its trials with what each said of its test films.
        predictions: All of these.
    """
    trials = tuple(report for report, _ in tried)
    most_probable, at_threshold = assess(by_most_probable(predictions)), assess(predictions)
    if len(tried) > 1:
        most_probable, at_threshold = _without_ranks(most_probable), _without_ranks(at_threshold)
    return NetworkResult(
        name=name,
        trials=trials,
        train_accuracy=trials[0].train_accuracy if len(trials) == 1 else None,
        most_probable=MostProbable(
            classes=most_probable.classes,
            accuracy=most_probable.overall.metrics.get("accuracy"),
            confusion=most_probable.confusion,
            report=most_probable.report,
            averages=most_probable.averages,
        ),
        at_threshold=at_threshold,
        spread=_spread(tried) if len(tried) > 1 else {},
    )


def pooled(folds: Sequence[Predictions]) -> Predictions:
    """The test films of all folds, each decided at the threshold of its own; the threshold is their mean."""
    values: dict[str, Any] = {
        name: [value for one in folds for value in getattr(one, name)]
        for name in ("image_id", "patient_id", "view", "source", "sex")
    }
    values |= {
        name: np.concatenate([getattr(one, name) for one in folds])
        for name in ("label", "age", "probabilities", "decided")
    }
    return replace(folds[0], threshold=float(np.mean([one.threshold for one in folds])), **values)


def by_most_probable(predictions: Predictions) -> Predictions:
    """The same films, each called by its most probable class; the threshold is none of theirs."""
    return replace(predictions, decided=predictions.probabilities.argmax(axis=1) == predictions.positive)


def manifest_of(nodes: Mapping[str, NodeRun]) -> Manifest:
    """Usable films, and all rejections."""
    folder, lost = (Path(nodes[node].outputs[key].uri) for node, key in (
        ("ManifestGen", "manifest"), ("XrayExampleGen", "rejected"),
    ))  # fmt: skip
    undecodable = read_rejected(lost)
    rows = without(read_manifest(folder), undecodable)
    return Manifest(tuple(rows), (*read_rejected(folder), *undecodable))


def leave_manifest(manifest: Manifest, root: Path) -> None:
    """A copy of the manifest where a person looks for it."""
    (root / "manifest").mkdir(exist_ok=True)
    write_manifest(manifest, root / "manifest")


def _read(node: NodeRun) -> Tried:
    folder = Path(node.outputs["trial"].uri)
    report = TrialReport.model_validate_json((folder / TRIAL_FILE).read_text(encoding="utf-8"))
    return report, read_predictions(folder / PREDICTIONS_FILE)


def _without_ranks(found: Assessment) -> Assessment:
    """What films of several networks come to together: nothing that compares the scores of films."""
    slices = [
        one.model_copy(
            update={
                "metrics": {name: rate for name, rate in one.metrics.items() if name not in _RANKED},
                "not_computable": one.not_computable | dict.fromkeys(_RANKED, _NO_RANK),
            }
        )
        for one in found.slices
    ]
    report = {
        name: row.model_copy(update={"auc": None, "not_computable": row.not_computable | {"auc": _NO_RANK}})
        for name, row in found.report.items()
    }
    averages = {name: row.model_copy(update={"auc": None}) for name, row in found.averages.items()}
    return found.model_copy(
        update={"slices": tuple(slices), "report": report, "averages": averages, "reliability": None}
    )


def _spread(tried: Sequence[Tried]) -> dict[str, Spread]:
    figures: dict[str, list[float]] = {name: [] for name in SPREAD}
    for report, said in tried:
        positive, right = said.is_positive, said.called == said.label
        figures["accuracy"].append(right.mean())
        figures["train_accuracy"].append(report.train_accuracy.value)
        figures["train_loss"].append(report.train_loss)
        if positive.any():
            figures["recall"].append(said.decided[positive].mean())
        if not positive.all():
            figures["specificity"].append((~said.decided[~positive]).mean())
        if positive.any() and not positive.all():
            figures["auc"].append(auc(said.score, positive))
    return {
        name: Spread(
            mean=float(np.mean(values)),
            low=min(values),
            high=max(values),
            deviation=float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
            values=tuple(map(float, values)),
        )
        for name, values in figures.items()
        if values
    }


def _notes(networks: Sequence[NetworkResult]) -> tuple[str, ...]:
    if once := [network.name for network in networks if network.trials[0].features_once]:
        return (
            f"{', '.join(once)}: an epoch trained the head alone, on features computed once before it; what that took "
            "is in the seconds of the node",
        )
    return ()
