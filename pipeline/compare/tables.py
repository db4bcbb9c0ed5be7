"""The tables of a comparison."""

from collections.abc import Mapping, Sequence
from statistics import median

from pipeline.compare.grid import NONE, Cell, Grid, Row, of_confusion, of_count, of_p, of_rate
from pipeline.compare.result import ComparisonResult, MostProbable, NetworkResult, Spread
from pipeline.compare.study import CLASSES, DENSE, IMAGE_SIZE, STUDY, TRAIN_FILMS, Published
from pipeline.compare.training_tables import stages
from trainer.assessment import Assessment
from trainer.features import UNUSED

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
    published = _published_of(result)
    rows = []
    for network in result.networks:
        rows.append(_row_of(network))
        if network.name in published:
            rows.append(_published(published[network.name], classes))
    if published:
        own = ", as in the study, whose own figures of other films stand below ours"
    elif {one.network for one in STUDY} & {network.name for network in result.networks}:
        own = f", as in the study; it had the classes {', '.join(CLASSES)}"
    else:
        own = ""
    as_published = "; the study's are as published" if published else ""
    pooled = f"; test films of all {result.folds} folds together" if result.folds else ""
    return Grid(
        caption=f"Every film called by its most probable class{own}. With each rate its 95 % interval "
        f"and number of films{pooled}. Train figures are of the kept weights on films that are not "
        f"augmented{as_published}. "
        f"Confusion matrix: rows true, columns called, in the order {', '.join(classes)}.",
        columns=(
            "Network", "Train accuracy", "Train loss", *(f"Precision {name}" for name in classes),
            *(f"Recall {name}" for name in classes), "Accuracy", "Confusion matrix", "Trainable parameters",
            "Seconds per epoch",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def study_notes(result: ComparisonResult) -> tuple[str, ...]:
    """What must be known of the study's rows; nothing where there are none."""
    published = _published_of(result)
    if not published:
        return ()
    notes = [
        "The study's figures are of other films, split film by film, on another machine. Their intervals are computed "
        f"here from its matrices, and from its train accuracy as a count of its {TRAIN_FILMS} train films, as if every "
        "film had a patient of its own."
    ]
    shown = [network for network in result.networks if network.name in published]
    others = [one for one in shown if one.trials[0].trainable_parameters != published[one.name].trainable_parameters]
    if others:
        reasons = []
        if result.image_size != IMAGE_SIZE:
            reasons.append(
                f"images of {result.image_size} pixels a side, not the study's {IMAGE_SIZE}, give the dense layer "
                "another number of inputs"
            )
        if any(one.trials[0].settings["dense"] != DENSE for one in others):
            reasons.append(f"trainer.dense is not {DENSE}")
        if any(stages(one.trials[0])[-1].name and stages(one.trials[0])[-1].end == "kept" for one in others):
            reasons.append("fine-tuning trains layers of the backbone, too")
        why = f": {'; '.join(reasons)}" if reasons else ""
        names = ", ".join(one.name for one in others)
        notes.append(f"The trainable parameters of {names} are not as many as the study's{why}.")
    return tuple(notes)


def _published_of(result: ComparisonResult) -> Mapping[str, Published]:
    """Name of a network that is compared -> what the study published of it, if it had the same classes."""
    names = {network.name for network in result.networks} if set(result.classes) == set(CLASSES) else set()
    return {one.network: one for one in result.study if one.network in names}


def _row_of(network: NetworkResult) -> Row:
    found, trial = network.most_probable, network.trials[0]
    of_tuning = [stage.seconds for one in network.trials for stage in stages(one)[1:] if stage.end == "kept"]
    timed = (trial.device, *["head alone"] * trial.features_once)
    if of_tuning:
        timed = (*timed, f"fine-tuning {median(of_tuning):.1f}")
    return Row(
        network.name,
        (
            of_rate(network.train_accuracy) if network.train_accuracy else _spread(network.spread["train_accuracy"]),
            _spread(network.spread["train_loss"]) if network.spread else Cell(f"{trial.train_loss:.3f}"),
            *(of_rate(found.report[name].precision) for name in found.classes),
            *(of_rate(found.report[name].recall) for name in found.classes),
            of_rate(found.accuracy),
            of_confusion(found.confusion),
            of_count(trial.trainable_parameters),
            Cell(f"{median(one.seconds_per_epoch for one in network.trials):.1f}", timed),
        ),
        (OURS,),
    )


def _published(one: Published, classes: Sequence[str]) -> Row:
    order = [CLASSES.index(name) for name in classes]
    return Row(
        one.network,
        (
            of_rate(one.train),
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
        "which threshold.target_recall asks for, as a served model calls it; accuracy is of these calls" + (
            f", of all {result.folds} folds together." if result.folds else "."
        ),
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
    tests = sum(pair.films > 0 for pair in result.pairs)
    return Grid(
        caption="McNemar's exact test on the same test films. Patients are its cases: each counts for the network that "
        "has more of his films right. Accuracy is by the most probable class, as in the table of the study; recall and "
        "specificity are at the stored thresholds, which trade one for the other: more of one with less of the other "
        f"may be nothing but another threshold. p adjusted for {tests} tests, all that have films (Holm).",
        columns=("Networks", "Of", "Films", "Patients", "Only the first right", "Only the second right", "p",
                 "p adjusted", "What follows"),
        rows=tuple(
            Row(
                f"{pair.first} and {pair.second}",
                (
                    Cell(pair.of), of_count(pair.films), of_count(pair.patients),
                    Cell(f"{pair.only_first:,}", (f"patients {pair.first_patients:,}",)),
                    Cell(f"{pair.only_second:,}", (f"patients {pair.second_patients:,}",)),
                    *((of_p(pair.p), of_p(pair.p_adjusted)) if pair.films else (Cell(NONE), Cell(NONE))),
                    Cell(pair.says),
                ),
            )
            for pair in result.pairs
        ),
        texts=(1, 8),
    )  # fmt: skip


def report_table(found: Assessment | MostProbable, caption: str) -> Grid:
    """The classification report of one network."""
    return Grid(
        caption=caption,
        columns=("Class", "Precision", "Recall", "F1", "Support"),
        rows=tuple(
            Row(name, (*(of_rate(rate) for rate in (row.precision, row.recall, row.f1)), of_count(row.support)))
            for name, row in (*found.report.items(), *found.averages.items())
        ),
    )


def confusion_table(found: Assessment | MostProbable, caption: str) -> Grid:
    """Films, rows true, columns called."""
    return Grid(
        caption=caption,
        columns=("True \\ called", *found.classes),
        rows=tuple(
            Row(name, tuple(map(of_count, cells))) for name, cells in zip(found.classes, found.confusion, strict=True)
        ),
    )


def films_table(result: ComparisonResult) -> Grid:
    """Films by class and split."""
    splits = list(dict.fromkeys(split for counts in result.films.values() for split in counts))
    unused = f"; {UNUSED}: left out by data.balance, so no network has seen them" if UNUSED in splits else ""
    return Grid(
        caption=f"Films by class and {'fold' if result.folds else 'split'}{unused}",
        columns=("Class", *splits),
        rows=tuple(
            Row(label, tuple(of_count(counts.get(split, 0)) for split in splits))
            for label, counts in result.films.items()
        ),
    )


def _spread(found: Spread, *, deviation: bool = False) -> Cell:
    told = f"{found.low:.3f} to {found.high:.3f}"
    return Cell(f"{found.mean:.3f}", (told, f"sd {found.deviation:.3f}" if deviation else "over folds"))
