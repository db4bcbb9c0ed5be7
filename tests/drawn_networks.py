"""Networks that never trained: predictions drawn, reports made up."""

from typing import Any

import numpy as np

from pipeline.compare.outcome import Tried, network_of, pooled
from pipeline.compare.pairs import pairs_of
from pipeline.compare.result import ComparisonResult
from pipeline.compare.study import STUDY
from trainer.metrics import rate
from trainer.predictions import Predictions
from trainer.settings import TrainerSettings
from trainer.trial_report import LayerRow, TrialReport

CLASSES = ("covid", "healthy")


def draw_predictions(
    seed: int, films: int = 40, classes: tuple[str, ...] = CLASSES, apart: float = 1.5, first: int = 0
) -> Predictions:
    """Of films ``first`` and following, the classes by turns, each of a patient of its own."""
    generator, count = np.random.default_rng(seed), len(classes)
    label = np.arange(films) % count
    powers = np.exp(generator.normal(0, 1, (films, count)) + apart * np.eye(count)[label])
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    numbers = range(first, first + films)
    return Predictions(
        classes=classes,
        positive=0,
        threshold=0.25,
        image_id=[f"{number:016x}" for number in numbers],
        patient_id=[f"p{number}" for number in numbers],
        label=label,
        view=["PA"] * films,
        source=["ward"] * films,
        sex=[""] * films,
        age=np.full(films, np.nan),
        probabilities=probabilities,
        decided=probabilities[:, 0] >= np.float32(0.25),
    )


def draw_report(name: str, **changes: Any) -> TrialReport:
    keys = ("loss", "accuracy", "recall", "eval_loss", "eval_accuracy", "eval_recall")
    history = [dict.fromkeys(keys, 0.1 * epoch) | {"seconds": 2.0, "learning_rate": 0.001} for epoch in (1, 2, 3)]
    values: dict[str, Any] = {
        "backbone": name,
        "weights": "random",
        "settings": TrainerSettings().model_dump(mode="json"),
        "trainable_parameters": 130,
        "layers": (
            LayerRow(name=name, kind="frozen", output=(7, 7, 512), parameters=14_714_688, trainable=0),
            LayerRow(name="probabilities", kind="Dense", output=(2,), parameters=130, trainable=130),
        ),
        "training": {"best_epoch": 2, "history": history},
        "seconds_per_epoch": 2.0,
        "device": "CPU",
        "features_once": name != "cnn",
        "threshold": 0.25,
        "temperature": 1.0,
        "train_accuracy": rate(np.arange(20) < 18, np.arange(20).astype(str)),
        "train_loss": 0.3,
        "notes": ("The weights are random.",),
    }
    return TrialReport(**values | changes)


def draw_trials(name: str, seed: int, folds: int = 0, classes: tuple[str, ...] = CLASSES) -> list[Tried]:
    """The trials of one network, each on films of its own."""
    return [
        (
            draw_report(name, threshold=0.25 + 0.1 * fold),
            draw_predictions(seed + fold, classes=classes, first=40 * fold),
        )
        for fold in range(folds or 1)
    ]


def draw_result(
    *names: str, folds: int = 0, classes: tuple[str, ...] = CLASSES, warnings: tuple[str, ...] = ()
) -> ComparisonResult:
    """The result of a comparison of some networks."""
    of = {name: draw_trials(name, 10 * seed, folds, classes) for seed, name in enumerate(names)}
    said = {name: pooled([one for _, one in of[name]]) for name in names}
    parts = [f"fold{fold}" for fold in range(1, folds + 1)] or ["train", "eval", "test"]
    return ComparisonResult(
        warnings=warnings,
        status="compared",
        classes=classes,
        positive=classes[0],
        image_size=64,
        folds=folds,
        films={label: dict.fromkeys(parts, 20) for label in classes},
        rejected={"view": 3},
        networks=tuple(network_of(name, of[name], said[name]) for name in names),
        pairs=pairs_of(said),
        study=STUDY,
        notes=("vgg16: the head alone",),
    )
