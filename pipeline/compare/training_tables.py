"""The tables of how the networks of a comparison were trained."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from pipeline.compare.conditions import fine_tuning_told
from pipeline.compare.grid import Cell, Grid, Row, of_count
from pipeline.compare.result import ComparisonResult, NetworkResult
from pipeline.report.words import fine_tuning
from trainer.trial_report import TrialReport

UNDONE: Final = "best, undone"


@dataclass(frozen=True)
class Stage:
    """One stage of a training.

    Attributes:
        name: Empty for the first.
        history: A mapping per epoch.
        best: The epoch with the lowest eval loss, counted from 1.
        end: What became of its weights.
    """

    name: str
    history: Sequence[Mapping[str, float]]
    best: int
    end: str

    @property
    def seconds(self) -> float:
        """Of an epoch, the median."""
        return median(epoch["seconds"] for epoch in self.history)


def stages(trial: TrialReport) -> tuple[Stage, ...]:
    """The first, and fine-tuning where there was one."""
    training, second = trial.training, trial.training.get("fine_tune")
    end = "fine-tuned from there" if second and second["kept"] else "kept"
    first = Stage("", training["history"], training["best_epoch"], end)
    if second is None:
        return (first,)
    return first, Stage("fine-tuning", second["history"], second["best_epoch"], "kept" if second["kept"] else UNDONE)


def settings_table(result: ComparisonResult) -> Grid:
    """What each network was trained with."""
    return Grid(
        caption="What each network was trained with; all other settings are in compare.json. Epochs done are those of "
        "the first stage.",
        columns=(
            "Network", "Weights", "Image side", "Epochs at most", "Epochs done", "Batch size", "Optimizer",
            "Learning rate", "Feature views", "Fine-tuning", "Seed",
        ),
        rows=tuple(_told_of(network, result.image_size) for network in result.networks),
        texts=(1, 6, 9),
    )  # fmt: skip


def _told_of(network: NetworkResult, image_size: int) -> Row:
    told = network.trials[0].settings
    done = sorted(len(trial.training["history"]) for trial in network.trials)
    tuned = [trial.training["fine_tune"]["kept"] for trial in network.trials if "fine_tune" in trial.training]
    kept = f"kept in {sum(tuned)} of {len(tuned)} folds" if len(tuned) > 1 else "kept" if any(tuned) else "undone"
    return Row(
        network.name,
        (
            Cell(network.trials[0].weights), of_count(image_size), of_count(told["epochs"]),
            Cell(f"{done[0]}" if done[0] == done[-1] else f"{done[0]} to {done[-1]}"), of_count(told["batch_size"]),
            Cell(told["optimizer"]), Cell(f"{told['learning_rate']:g}"), of_count(told["feature_views"]),
            Cell(fine_tuning_told(told["fine_tune"]), (kept,) if tuned else ()), Cell(str(told["seed"])),
        ),
    )  # fmt: skip


def conditions_table(result: ComparisonResult) -> Grid:
    """What all networks were told alike: a row for each key of the settings."""
    told = result.conditions.model_dump(exclude_none=True) if result.conditions else {}
    return Grid(
        caption="What holds for all of them" + ("; the films were drawn" if "sample" in told else ""),
        columns=("Setting", "Value"),
        rows=tuple(
            Row(f"{group}.{key}", (Cell(_text(value)),))
            for group, values in told.items()
            for key, value in values.items()
        ),
        texts=(1,),
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
    """The first, the best and the last epoch of each stage of each training."""
    keys = ("loss", "eval_loss", "accuracy", "eval_accuracy", "recall", "eval_recall")
    rows = []
    for fold, trial in enumerate(network.trials, start=1):
        for stage in stages(trial):
            of = [f"fold {fold}"] * (len(network.trials) > 1) + [stage.name] * bool(stage.name)
            for epoch in sorted({1, stage.best, len(stage.history)}):
                name = ", ".join([*of, f"epoch {epoch}", *[stage.end] * (epoch == stage.best)])
                measured = stage.history[epoch - 1]
                rows.append(Row(name, tuple(Cell(f"{measured[key]:.3f}") for key in keys)))
    return Grid(
        caption="The first, the best and the last epoch: on train films as they were augmented, and on eval films.",
        columns=("Epoch", "Train loss", "Eval loss", "Train accuracy", "Eval accuracy", "Train recall", "Eval recall"),
        rows=tuple(rows),
    )


def fine_tunings(network: NetworkResult) -> Iterator[str]:
    """A sentence for each training that had a second stage."""
    for fold, trial in enumerate(network.trials, start=1):
        if told := fine_tuning(trial.training):
            first, second = stages(trial)
            of_fold = f"Fold {fold}: fine-tuning" if len(network.trials) > 1 else "Fine-tuning"
            yield f"{of_fold} of {told}; {first.seconds:.1f} s an epoch before, {second.seconds:.1f} s in it."


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
