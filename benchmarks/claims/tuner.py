"""Claim 8: a search over the head, on features computed once, against as many plain trainings as it has trials."""

import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

import tensorflow as tf

from benchmarks.claim import Effort, Goal, Row
from benchmarks.pairs import take_pairs
from benchmarks.plain_training import GLANCE, SEED, STUDY, PlainTraining, draw_study, training_of, whole
from trainer.head_tuner import HeadTuner
from trainer.job import Job
from trainer.search_job import SearchJob
from trainer.settings import ThresholdSettings
from trainer.tuner_settings import TunerSettings, search_of

TRIALS: Final = 20
#: Of the search that is timed in a pair; the features are those of the first search.
TIMED: Final = 2


def measure(effort: Effort) -> list[Row]:
    """The search, its features with it, and the plain trainings."""
    tf.get_logger().setLevel("ERROR")  # a function is traced for every trial: that is part of the time
    study = GLANCE if effort.quick else STUDY
    records, settings = draw_study(study, effort.scratch)
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(scratch)
        job = training_of(records, settings, study, SEED, kept)
        search, plain = Searches(job, kept), PlainTraining(job)
        pairs = take_pairs(search, plain, effort.pairs)
        passes = search.films
    ours = [of_search(search.features, trials) for trials in pairs.ours]
    peer = [TRIALS * whole(plain.first, epoch, study.epochs) for epoch in pairs.peer]
    return [
        Row(
            claim=8,
            what=f"a search of {TRIALS} trials: {study}",
            against=f"{TRIALS} times Keras model.fit, the whole network in every step",
            unit="x as fast",
            values=tuple(theirs / mine for theirs, mine in zip(peer, ours, strict=True)),
            goal=Goal(way="at least", bound=30),
            ours=f"{statistics.median(ours):.0f} s (extrapolated)",
            peer=f"{statistics.median(peer):.0f} s (extrapolated)",
            note=f"the defaults of the tuner but for the epochs, of which none is saved by stopping early; "
            f"{search.features:.0f} s for features of {passes} films, measured once, and {TRIALS // TIMED} times the "
            f"{TIMED} trials of the pair ({statistics.median(pairs.ours):.1f} s); the peer's first epoch with the "
            f"building of the network {plain.first:.1f} s, measured once, and {study.epochs - 1} times the epoch of "
            f"the pair ({statistics.median(pairs.peer):.1f} s)",
        )
    ]


class Searches:
    """Searches of a few trials each, every one with values of its own. The first call computes the features.

    Args:
        job: Records, network and augmentation.
        kept: Folder for what the searches keep.

    Attributes:
        features: Seconds of the first call that its trials did not take.
        films: What had to go through the backbone for them.
    """

    def __init__(self, job: Job, kept: Path) -> None:
        self._job, self._kept = job, kept
        self._seeds = itertools.count()
        self.features = 0.0
        tuner = TunerSettings()
        augmented = sum(strength > 0 for strength in tuner.strengths) * tuner.feature_views
        self.films = (1 + augmented) * len(job.train) + len(job.eval)

    def __call__(self) -> None:
        """Runs a search."""
        seed = next(self._seeds)
        tuner = TunerSettings(trials=TIMED, epochs=self._job.settings.epochs, seed=seed)
        job = SearchJob(
            train=self._job.train,
            eval=self._job.eval,
            positive=self._job.positive,
            search=search_of(self._job.settings, tuner, ThresholdSettings()),
            folder=self._kept / "search",
        )
        begin = time.perf_counter()
        search = HeadTuner(job, str(self._kept / f"kt-{seed}"))
        search.search()
        if seed == 0:
            trials = sum(found.values["seconds"] for found in search.get_best_hyperparameters(TIMED))
            self.features = time.perf_counter() - begin - trials


def of_search(features: float, trials: float) -> float:
    """Seconds of the whole search, from those of its features and of ``TIMED`` trials."""
    return features + TRIALS / TIMED * trials
