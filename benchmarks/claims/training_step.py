"""Claim 6: training steps fed by the pipeline, against the same steps on one batch that lies in memory.

Both are an epoch of Keras's fit, so that the start of an epoch counts too, and is divided by its steps.
"""

import itertools
import statistics
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from benchmarks.claim import Effort, Goal, Row
from benchmarks.films_at_size import films_at
from benchmarks.pairs import Pairs, take_pairs
from benchmarks.plain_training import augmentation_of_the_study
from trainer.frozen_features import FrozenFeatures
from trainer.input import Split
from trainer.model import build_classifier, build_extractor, build_head
from trainer.optimizers import build_optimizer
from trainer.settings import BackboneName, TrainerSettings
from trainer.training import Batches

CLAIM: Final = 6
SEED: Final = 1
GOAL: Final = Goal(way="at most", bound=1.05)
#: Of InceptionResNetV2 with the study's pooling at 224 px.
FEATURES: Final = 1536
#: With a view of each 15 whole batches: the study has 236.
HEAD_FILMS: Final = 240


@dataclass(frozen=True)
class Step:
    """What is trained: a network at a side in pixels, and on how many films, whole batches of 32."""

    backbone: BackboneName
    side: int
    films: int


#: Small networks: the shorter the step, the more a slow pipeline would show.
FULL: Final = (Step("efficientnet_b0", 224, 128), Step("cnn", 64, 128))
QUICK: Final = (Step("efficientnet_b0", 97, 64),)
PAIRS: Final = 9


def measure(effort: Effort) -> list[Row]:
    """The whole network with augmentation in every step, and the head alone on features that are computed once."""
    tf.get_logger().setLevel("ERROR")  # a function is traced for every network
    pairs = effort.pairs if effort.quick else PAIRS
    rows = []
    for step in QUICK if effort.quick else FULL:
        films = next(films_at(effort, step.side, step.films))
        what = f"a step of {step.backbone} with the study's augmentation, 32 of {films.what}"
        rows.append(row(what, *_network(step, films.split(), pairs)))
    what = f"a step of the head, 32 of {HEAD_FILMS} films and a view of each, {FEATURES} features a film"
    note = "the step is short beside the start of an epoch: a new order, its batches and their iterator"
    return [*rows, row(what, *_head(pairs), note)]


def _network(step: Step, split: Split, pairs: int) -> tuple[Pairs, int]:
    settings = TrainerSettings(
        backbone=step.backbone, weights="random", augmentation=augmentation_of_the_study(), seed=SEED
    )
    classifier = build_classifier(settings, build_extractor(settings, step.side), len(split.classes))
    batches = Batches(
        of_epoch=lambda epoch: split.batches(settings.batch_size, shuffle_seed=SEED + epoch),
        steps=-(-len(split) // settings.batch_size),
        evaluation=split.batches(settings.batch_size),
    )
    return _pairs(classifier.training, settings, batches, pairs), batches.steps


def _head(pairs: int) -> tuple[Pairs, int]:
    settings = TrainerSettings(seed=SEED)
    rng = np.random.default_rng(SEED)
    features = rng.normal(size=(HEAD_FILMS, FEATURES)).astype(np.float32)
    drawn: Any = SimpleNamespace(labels=rng.integers(0, 2, HEAD_FILMS), classes=("covid", "healthy"))
    batches = FrozenFeatures(features, (features,), features).batches(drawn, drawn, settings)
    return _pairs(build_head(settings, FEATURES, 2), settings, batches, pairs), batches.steps


def _pairs(model: keras.Model, settings: TrainerSettings, batches: Batches, pairs: int) -> Pairs:
    """Seconds of an epoch with Keras's fit, as training calls it, from the making of its batches on."""
    model.compile(
        optimizer=build_optimizer(settings),
        loss="categorical_crossentropy",
        metrics=[keras.metrics.CategoricalAccuracy(), keras.metrics.Recall(class_id=0)],
        steps_per_execution=batches.at_once,
    )
    epochs, again = itertools.count(), constant(batches)
    return take_pairs(
        lambda: model.fit(batches.of_epoch(next(epochs)), verbose=0),
        lambda: model.fit(again, verbose=0),
        pairs,
    )


def constant(batches: Batches) -> tf.data.Dataset:
    """The first batch of an epoch over and over, as often as an epoch has steps, copied nowhere."""
    return batches.of_epoch(0).take(1).cache().repeat(batches.steps)


def row(what: str, pairs: Pairs, steps: int, note: str = "") -> Row:
    """Time of a step, ours over that of the constant batch.

    Args:
        what: As in the row.
        pairs: Seconds of an epoch.
        steps: In an epoch.
        note: As in the row.
    """
    ours, peer = (f"{1000 * statistics.median(side) / steps:,.1f} ms" for side in (pairs.ours, pairs.peer))
    return Row(
        claim=CLAIM,
        what=what,
        against="the same step on one constant batch",
        unit="x the time",
        values=pairs.costs,
        goal=GOAL,
        ours=ours,
        peer=peer,
        note=note,
    )
