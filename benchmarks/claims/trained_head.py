"""Claim 7: from records to a trained head, the backbone once per film and view, or in every step of 50 epochs."""

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import tensorflow as tf

from benchmarks.claim import Effort, Goal, Row
from benchmarks.feature_cache import Network, rows_of, write_records
from benchmarks.pairs import take_pairs
from benchmarks.plain_training import GLANCE, SEED, STUDY, PlainTraining, Study, draw_study, training_of, whole
from pipeline.settings import RunSettings, load_settings
from trainer.features import EVAL, TRAIN
from trainer.servable import Rate
from trainer.trained import train_and_decide

AGAINST: Final = "Keras model.fit, the whole network in every step"
#: Both sides are trained to the end for the areas, which takes too long with the large network.
SMALL: Final = replace(STUDY, network=Network("efficientnet_b0", 97, 3))
#: Area under the curve on the eval films that may be lost at most.
LOST: Final = 0.02


def measure(effort: Effort) -> list[Row]:
    """How many times as fast, and, unless in a hurry, whether the head is as good."""
    tf.get_logger().setLevel("ERROR")  # a function is traced for every training: that is part of the time
    rows = [time_row(GLANCE if effort.quick else STUDY, effort)]
    if effort.quick:
        return rows
    records, settings = draw_study(SMALL, effort.scratch)
    rows.append(_areas(records, settings, SMALL, str(SMALL)))
    if effort.real:
        settings = load_settings("covid_chestxray", None, [f"data.root={effort.real}"])
        side = SMALL.network.side
        with tempfile.TemporaryDirectory() as folder:
            records = Path(folder, "records")
            counts = write_records(rows_of(settings), settings.data.classes, side, records)
            rows.append(_areas(records, settings, SMALL, SMALL.named(f"{counts[TRAIN]} + {counts[EVAL]} real films")))
    return rows


def time_row(study: Study, effort: Effort) -> Row:
    """The whole training with us against the peer's, of which single epochs are timed."""
    records, settings = draw_study(study, effort.scratch)
    plain = PlainTraining(training_of(records, settings, study, SEED, effort.scratch))

    def ours() -> None:
        with tempfile.TemporaryDirectory() as kept:
            train_and_decide(training_of(records, settings, study, SEED, Path(kept)))

    pairs = take_pairs(ours, plain, effort.pairs)
    peer = [whole(plain.first, epoch, study.epochs) for epoch in pairs.peer]
    return Row(
        claim=7,
        what=f"records to a trained head: {study}",
        against=AGAINST,
        unit="x as fast",
        values=tuple(theirs / mine for theirs, mine in zip(peer, pairs.ours, strict=True)),
        goal=Goal(way="at least", bound=15),
        ours=f"{statistics.median(pairs.ours):.0f} s",
        peer=f"{statistics.median(peer):.0f} s (extrapolated)",
        note="random weights; the backbone's forward pass limits both: with one augmented view (feature_views 1) "
        f"{2 * study.train * 2 + 2 * study.eval} films go through it, with the peer {study.epochs * study.films}; the "
        f"peer's time is its first epoch with the building of the network ({plain.first:.1f} s, measured once) and "
        f"{study.epochs - 1} times the epoch of the pair ({statistics.median(pairs.peer):.1f} s)",
    )


def _areas(records: Path, settings: RunSettings, study: Study, what: str) -> Row:
    """Both trained to the end, with the same head on the same random network."""
    pairs = []
    for seed in range(1, study.network.seeds + 1):
        with tempfile.TemporaryDirectory() as kept:
            job = training_of(records, settings, study, seed, Path(kept))
            ours = train_and_decide(job).info.metrics["eval"]["auc"]
            pairs.append((ours, PlainTraining(job, normalised=True).best_auc(study.epochs)))
    return area_row(pairs, what)


def area_row(pairs: Sequence[tuple[Rate, Rate]], what: str) -> Row:
    """By how much the areas differ.

    Args:
        pairs: Area of ours and of the peer, seed by seed.
        what: Films, network and epochs.
    """
    ours, peer = (
        ", ".join(f"{rate.value:.3f} ({rate.low:.2f}-{rate.high:.2f})" for rate in side)
        for side in zip(*pairs, strict=True)
    )
    return Row(
        claim=7,
        what=f"eval AUC that is lost, the peer's less ours: {what}, seeds 1 to {len(pairs)}",
        against=AGAINST,
        unit="AUC",
        values=tuple(theirs.value - mine.value for mine, theirs in pairs),
        goal=Goal(way="at most", bound=LOST),
        ours=ours,
        peer=peer,
        note=f"{len(pairs)} seeds, not pairs in turn; 95 % intervals; a smaller network than the timed one, so that "
        "both can be trained to the end; ours sees every film and one fixed view of it (trainer.feature_views 1, which "
        "is not the default), the peer a fresh view in each epoch; each keeps the weights of its epoch with the lowest "
        "eval loss",
    )
