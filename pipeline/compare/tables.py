"""The tables of a comparison."""

from collections.abc import Sequence

from pipeline.compare.grid import NONE, Cell, Grid, Row, of_confusion, of_count, of_p, of_rate
from pipeline.compare.result import ComparisonResult, NetworkResult, Spread
from pipeline.compare.study import CLASSES, TRAIN_FILMS, Published
from trainer.assessment import Assessment
from trainer.trial_report import TrialReport

OURS = "here"
THEIRS = "study, 2020"
_SPREAD = {
    "accuracy": "Accuracy",
    "recall": "Recall",
    "specificity": "Specificity",
    "auc": "Area under the ROC curve",
    "train_accuracy": "Train accuracy",
    "train_loss": "Train loss",
}


def study_table(result: ComparisonResult) -> Grid:
    """The table of the study, with what it lacks; below each of its networks what it published."""
    classes = result.classes
    same = set(classes) == set(CLASSES)
    published = {one.network: one for one in result.study if same}
    rows = []
    for network in result.networks:
        rows.append(_row_of(network))
        if network.name in published:
            rows.append(_published(published[network.name], classes))
    own = (
        ", whose own figures of other films stand below ours" if same else f"; it had the classes {', '.join(CLASSES)}"
    )
    pooled = f"; test films of all {result.folds} folds together" if result.folds else ""
    return Grid(
        caption=f"Every film called by its most probable class, as in the study{own}. With each rate its 95 % interval "
        f"and number of films{pooled}. Train figures are of the kept weights on films that are not augmented. "
        f"Confusion matrix: rows true, columns called, in the order {', '.join(classes)}.",
        columns=(
            "Network", "Train accuracy", "Train loss", *(f"Precision {name}" for name in classes),
            *(f"Recall {name}" for name in classes), "Accuracy", "Confusion matrix", "Trainable parameters",
            "Seconds per epoch",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _row_of(network: NetworkResult) -> Row:
    found, trial = network.most_probable, network.trials[0]
    seconds = sorted(one.seconds_per_epoch for one in network.trials)[len(network.trials) // 2]
    return Row(
        network.name,
        (
            of_rate(network.train_accuracy) if network.train_accuracy else _spread(network.spread["train_accuracy"]),
            _spread(network.spread["train_loss"]) if network.spread else Cell(f"{trial.train_loss:.3f}"),
            *(of_rate(found.report[name].precision) for name in found.classes),
            *(of_rate(found.report[name].recall) for name in found.classes),
            of_rate(found.overall.metrics.get("accuracy")),
            of_confusion(found.confusion),
            of_count(trial.trainable_parameters),
            Cell(f"{seconds:.1f}", ("head alone",) if trial.features_once else ()),
        ),
        (OURS,),
    )


def _published(one: Published, classes: Sequence[str]) -> Row:
    order = [CLASSES.index(name) for name in classes]
    return Row(
        one.network,
        (
            Cell(f"{one.train_accuracy:.3f}", (f"n {TRAIN_FILMS}",)),
            Cell(f"{one.train_loss:g}"),
            *(of_rate(one.precision(label)) for label in order),
            *(of_rate(one.recall(label)) for label in order),
            of_rate(one.accuracy),
            of_confusion([[one.confusion[true][called] for called in order] for true in order]),
            of_count(one.trainable_parameters),
            Cell(f"{one.seconds_per_epoch:g}", ("GPU",)),
        ),
        (THEIRS,),
        foreign=True,
    )


def threshold_table(result: ComparisonResult) -> Grid:
    """What the networks come to at the thresholds at which they would be served."""
    positive = result.positive

    def row(network: NetworkResult) -> Row:
        metrics = network.at_threshold.overall.metrics
        thresholds = [trial.threshold for trial in network.trials]
        area = _spread(network.spread["auc"]) if "auc" in network.spread else of_rate(metrics.get("auc"))
        return Row(
            network.name,
            (
                Cell(f"{sum(thresholds) / len(thresholds):.3f}", ("mean of the folds",) if result.folds else ()),
                *(of_rate(metrics.get(name)) for name in ("recall", "specificity", "precision", "f1", "accuracy")),
                area,
                of_confusion(network.at_threshold.confusion),
            ),
        )

    return Grid(
        caption=f"A film is called {positive} from the threshold on that was chosen on the eval films for the recall "
        "which threshold.target_recall asks for, as a served model calls it.",
        columns=(
            "Network", "Threshold", f"Recall of {positive}", "Specificity", f"Precision of {positive}", "F1",
            "Accuracy", "Area under the ROC curve", "Confusion matrix",
        ),
        rows=tuple(map(row, result.networks)),
    )  # fmt: skip


def spread_table(result: ComparisonResult) -> Grid:
    """How the figures differ from fold to fold."""
    shown = [name for name in _SPREAD if any(name in network.spread for network in result.networks)]
    return Grid(
        caption=f"Mean over {result.folds} folds, lowest and highest, standard deviation (sd); recall, specificity and "
        "accuracy at each fold's own threshold. Folds share films for training, so this is no interval.",
        columns=("Network", *(_SPREAD[name] for name in shown)),
        rows=tuple(
            Row(
                network.name,
                tuple(
                    _spread(network.spread[name], deviation=True) if name in network.spread else Cell(NONE)
                    for name in shown
                ),
            )
            for network in result.networks
        ),
    )


def pairs_table(result: ComparisonResult) -> Grid:
    """Each two networks on the same films."""
    return Grid(
        caption="McNemar's exact test on the same test films at the stored thresholds, patients as its cases; p "
        f"adjusted for all {len(result.pairs)} tests (Holm).",
        columns=("Networks", "Of", "Films", "Patients", "Only the first right", "Only the second right", "p",
                 "p adjusted", "What follows"),
        rows=tuple(
            Row(
                f"{pair.first} and {pair.second}",
                (
                    Cell(pair.of), of_count(pair.films), of_count(pair.patients), of_count(pair.only_first),
                    of_count(pair.only_second), of_p(pair.p), of_p(pair.p_adjusted), Cell(pair.says),
                ),
            )
            for pair in result.pairs
        ),
        texts=(1, 8),
    )  # fmt: skip


def report_table(found: Assessment, caption: str) -> Grid:
    """The classification report of one network."""
    return Grid(
        caption=caption,
        columns=("Class", "Precision", "Recall", "F1", "Support"),
        rows=tuple(
            Row(name, (*(of_rate(rate) for rate in (row.precision, row.recall, row.f1)), of_count(row.support)))
            for name, row in (*found.report.items(), *found.averages.items())
        ),
    )


def confusion_table(found: Assessment, caption: str) -> Grid:
    """Films, rows true, columns called."""
    return Grid(
        caption=caption,
        columns=("True \\ called", *found.classes),
        rows=tuple(
            Row(name, tuple(map(of_count, cells))) for name, cells in zip(found.classes, found.confusion, strict=True)
        ),
    )


def layers_table(trial: TrialReport) -> Grid:
    """A row for each layer."""
    return Grid(
        caption=f"Layers of {trial.backbone}; {trial.trainable_parameters:,} of "
        f"{sum(layer.parameters for layer in trial.layers):,} parameters are trained.",
        columns=("Layer", "Kind", "Output shape", "Parameters", "Trainable"),
        rows=tuple(
            Row(
                layer.name,
                (
                    Cell(layer.kind), Cell(" x ".join(map(str, layer.output))), of_count(layer.parameters),
                    of_count(layer.trainable),
                ),
            )
            for layer in trial.layers
        ),
        texts=(1,),
    )  # fmt: skip


def epochs_table(network: NetworkResult) -> Grid:
    """The first, the kept and the last epoch of each training."""
    keys = ("loss", "eval_loss", "accuracy", "eval_accuracy", "recall", "eval_recall")
    rows = []
    for fold, trial in enumerate(network.trials, start=1):
        history, best = trial.training["history"], trial.training["best_epoch"]
        for epoch in sorted({1, best, len(history)}):
            of_fold = f"fold {fold}, " if len(network.trials) > 1 else ""
            kept = ", kept" if epoch == best else ""
            measured = history[epoch - 1]
            rows.append(Row(f"{of_fold}epoch {epoch}{kept}", tuple(Cell(f"{measured[key]:.3f}") for key in keys)))
    return Grid(
        caption="The first, the kept and the last epoch: on train films as they were augmented, and on eval films.",
        columns=("Epoch", "Train loss", "Eval loss", "Train accuracy", "Eval accuracy", "Train recall", "Eval recall"),
        rows=tuple(rows),
    )


def films_table(result: ComparisonResult) -> Grid:
    """Films by class and split."""
    splits = list(dict.fromkeys(split for counts in result.films.values() for split in counts))
    return Grid(
        caption="Films by class and " + ("fold" if result.folds else "split"),
        columns=("Class", *splits),
        rows=tuple(
            Row(label, tuple(of_count(counts.get(split, 0)) for split in splits))
            for label, counts in result.films.items()
        ),
    )


def _spread(found: Spread, *, deviation: bool = False) -> Cell:
    told = f"{found.low:.3f} to {found.high:.3f}"
    return Cell(f"{found.mean:.3f}", (told, f"sd {found.deviation:.3f}" if deviation else "over folds"))
