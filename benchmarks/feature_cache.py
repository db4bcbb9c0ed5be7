"""What ``trainer.feature_views`` saves and costs: the backbone once per film and view, or in every step.

::

    CXR_REALDATA=FOLDER python -m benchmarks.feature_cache [--epochs 8] [--seeds 3] [--only drawn,real]

Trains a head on a frozen backbone with random weights twice, with ``feature_views`` 0 and 1, on the same records with
the same seed, epochs and patience, and measures both on the eval and test films. Films: those of the profile
``sample``, and, where CXR_REALDATA names a folder as the profile ``covid_chestxray`` wants it, those. Writes
``feature_cache.json`` and ``feature_cache.md`` beside this file. A quarter of an hour on 2 cores that do nothing else.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import keras
import numpy as np
import tensorflow as tf

from components.manifest_gen.build import build_manifest
from components.manifest_gen.rows import ManifestRow, Rejection
from components.score.films import read_films
from components.xray_example_gen.records import film_to_record
from pipeline.sample.data_set import draw_data_set
from pipeline.settings import RunSettings, load_settings
from trainer.assess import assess
from trainer.features import EVAL, SPLITS, TEST, TRAIN
from trainer.inference import Inference
from trainer.input import Split
from trainer.job import Job
from trainer.settings import ThresholdSettings, TrainerSettings
from trainer.trained import Trained, train_and_decide

HERE: Final = Path(__file__).parent
KEY: Final = b"a key for benchmarks, long enough"
REAL: Final = "CXR_REALDATA"
METRICS: Final = ("auc", "recall", "specificity")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Network:
    """A frozen backbone, the side of its images in pixels, and how many seeds the time allows at most."""

    name: str
    side: int
    seeds: int


#: The profile sample's own, and a smaller one for more seeds.
NETWORKS: Final = (Network("inception_resnet_v2", 224, 1), Network("densenet121", 128, 3))
WHAT: Final = {"drawn": "profile `sample`", "real": "profile `covid_chestxray`"}


def films_of(what: str, scratch: Path) -> RunSettings | None:
    """Settings whose ``data.root`` holds the films; None where there are none."""
    if what == "real":
        return load_settings("covid_chestxray", None, [f"data.root={os.environ[REAL]}"]) if REAL in os.environ else None
    settings = load_settings("sample", None, [f"data.root={scratch / 'drawn'}"])
    if settings.sample is not None:
        draw_data_set(scratch / "drawn", patients=settings.sample.patients, seed=settings.sample.seed)
    return settings


def rows_of(settings: RunSettings) -> Sequence[ManifestRow]:
    """The films, split."""
    return build_manifest(settings.data, settings.split, KEY, Path(settings.data.root or ".")).rows


def write_records(rows: Sequence[ManifestRow], classes: Sequence[str], side: int, folder: Path) -> dict[str, int]:
    """Writes a file of records for each split into a new folder, as the pipeline does; split -> films."""
    folder.mkdir(parents=True)
    counts = dict.fromkeys(SPLITS, 0)
    for split in SPLITS:
        with tf.io.TFRecordWriter(str(folder / split)) as writer:
            for row in (row for row in rows if row.split == split):
                record = film_to_record(row, classes, side)
                if not isinstance(record, Rejection):
                    writer.write(record.SerializeToString())
                    counts[split] += 1
    return counts


def split_of(records: Path, settings: RunSettings, network: Network, name: str) -> Split:
    """One of the splits that ``write_records`` has written."""
    return Split((str(records / name),), settings.data.classes, network.side)


def job_of(
    records: Path, settings: RunSettings, network: Network, views: int, seed: int, epochs: int, scratch: Path
) -> Job:
    """A training of so many epochs that nothing stops early.

    Args:
        records: As ``write_records`` has written them.
        settings: Of the films.
        network: Frozen, with random weights.
        views: ``trainer.feature_views``.
        seed: ``trainer.seed``.
        epochs: All of them are trained.
        scratch: New or empty; what the training keeps comes into it.
    """
    return Job(
        train=split_of(records, settings, network, TRAIN),
        eval=split_of(records, settings, network, EVAL),
        positive=settings.data.positive,
        settings=TrainerSettings(
            backbone=network.name,  # type: ignore[arg-type]
            weights="random",
            epochs=epochs,
            patience=epochs,
            feature_views=views,
            seed=seed,
        ),
        threshold=ThresholdSettings(),
        model_dir=scratch / "model",
        checkpoints=scratch / "checkpoints",
        data_digest="",
        code_digest="",
    )


def try_views(records: Path, settings: RunSettings, network: Network, views: int, seed: int, epochs: int) -> Row:
    """Trains once; CPU seconds from the records to a classifier with its threshold, and what it is worth."""
    keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as scratch:
        job = job_of(records, settings, network, views, seed, epochs, Path(scratch))
        started = time.process_time()
        trained = train_and_decide(job)
        seconds = time.process_time() - started
    history = trained.info.training["history"]
    return {
        "network": network.name,
        "side": network.side,
        "views": views,
        "seed": seed,
        "seconds": round(seconds, 1),
        "epoch_seconds": round(statistics.median(epoch["seconds"] for epoch in history), 2),
        "best_epoch": trained.info.training["best_epoch"],
        **{
            name: measured(trained, records / name, split_of(records, settings, network, name), job)
            for name in (EVAL, TEST)
        },
    }


def measured(trained: Trained, file: Path, split: Split, job: Job) -> Mapping[str, Sequence[float]]:
    """Metric -> value, lower end, upper end, films, on the films of one split."""
    films, info = read_films([file]), trained.info
    infer = Inference(trained.classifier.core, job.settings.batch_size)
    probabilities = infer(split, f"scoring {file.name} films")
    decided = probabilities[:, info.classes.index(info.positive)] >= np.float32(info.threshold)
    said = films.predictions(info.classes, info.positive, info.threshold, probabilities, decided)
    return {
        name: [*(round(end, 4) for end in (one.value, one.low, one.high)), one.n]
        for name, one in assess(said).overall.metrics.items()
        if name in METRICS
    }


def page(figures: Mapping[str, Any]) -> Iterator[str]:
    """The lines of ``feature_cache.md``."""
    yield "# Feature cache: the backbone once per film and view, or in every step"
    yield ""
    yield f"{figures['about']}. `benchmarks/feature_cache.py` writes this page; its head"
    yield "has the command. Random weights, so the figures say what the cache changes, and nothing about patients. K is"
    yield f"`trainer.feature_views`; both have the same records, seed and {figures['epochs']} epochs, none stops"
    yield "early, and the best epoch counts. With K = 1 an epoch holds every film and one augmented view of it, with"
    yield "K = 0 every film, augmented anew. CPU seconds, of all cores together, are from the records to a classifier"
    yield "with its threshold, the building of the network included; seconds per epoch are those of the clock."
    for what, films in figures["films"].items():
        counts = ", ".join(f"{count} {split}" for split, count in films.items())
        rows = [row for row in figures["trials"] if row["films"] == what]
        yield ""
        yield f"## Films of the {WHAT[what]}: {counts}"
        yield ""
        yield (
            "| network | seed | K | CPU s | s per epoch | best epoch | "
            + " | ".join(f"{split} {name} (95 %)" for split in (EVAL, TEST) for name in METRICS)
            + " |"
        )
        yield f"|---|---:|---:|---:|---:|---:|{'---|' * 6}"
        for row in rows:
            cells = [_rate(row[split].get(name)) for split in (EVAL, TEST) for name in METRICS]
            yield (
                f"| {row['network']}, {row['side']} px | {row['seed']} | {row['views']} | {row['seconds']:.0f} | "
                f"{row['epoch_seconds']:.2f} | {row['best_epoch']} | {' | '.join(cells)} |"
            )
        yield ""
        yield from _compared(rows)


def _compared(rows: Sequence[Row]) -> Iterator[str]:
    """What the pairs of one network come to."""
    for network in dict.fromkeys(row["network"] for row in rows):
        of = {(row["seed"], row["views"]): row for row in rows if row["network"] == network}
        pairs = [(of[seed, 0], of[seed, 1]) for seed, views in of if views == 0 and (seed, 1) in of]
        if not pairs:
            continue
        faster = sorted(plain["seconds"] / cached["seconds"] for plain, cached in pairs)
        told = " to ".join(dict.fromkeys(f"{ratio:.1f}" for ratio in (faster[0], faster[-1])))
        standings = [
            _standing(plain[split][name], cached[split][name])
            for plain, cached in pairs
            for split in (EVAL, TEST)
            for name in METRICS
            if name in plain[split] and name in cached[split]
        ]
        areas = [statistics.mean(pair[views][TEST]["auc"][0] for pair in pairs) for views in (0, 1)]
        yield (
            f"- {network}, seeds: {len(pairs)}. CPU seconds with K = 0 over those with K = 1: {told}. Mean test AUC: "
            f"{areas[0]:.3f} with K = 0, {areas[1]:.3f} with K = 1. Of {len(standings)} pairs of intervals "
            f"{standings.count('overlap')} overlap; K = 1 lies above in {standings.count('above')} and below in "
            f"{standings.count('below')}."
        )


def _standing(plain: Sequence[float], cached: Sequence[float]) -> str:
    """Where the interval of the cached features lies."""
    return "above" if cached[1] > plain[2] else "below" if cached[2] < plain[1] else "overlap"


def _rate(one: Sequence[float] | None) -> str:
    return "not computable" if one is None else f"{one[0]:.2f} ({one[1]:.2f}-{one[2]:.2f})"


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=8, help="of every training")
    parser.add_argument("--seeds", type=int, default=3, help="from 1 on; a slow network takes fewer")
    parser.add_argument("--only", default=",".join(WHAT), help="films, separated by commas")
    parser.add_argument("--output", default=HERE, type=Path, help="where feature_cache.json and feature_cache.md go")
    arguments = parser.parse_args()
    tf.get_logger().setLevel("ERROR")  # a function is traced for every training: that is what is measured
    arguments.output.mkdir(parents=True, exist_ok=True)
    version, cores = importlib.metadata.version("tensorflow"), len(os.sched_getaffinity(0))
    figures: dict[str, Any] = {
        "about": f"{cores} cores, {datetime.date.today()}; tensorflow {version}",
        "epochs": arguments.epochs,
        "films": {},
        "trials": [],
    }
    with tempfile.TemporaryDirectory() as scratch:
        for what in arguments.only.split(","):
            settings = films_of(what, Path(scratch))
            if settings is None:
                print(f"{REAL} names no folder: no {what} films", file=sys.stderr)
                continue
            rows = rows_of(settings)
            for network in NETWORKS:
                records = Path(scratch, f"records-{what}-{network.side}")
                figures["films"][what] = write_records(rows, settings.data.classes, network.side, records)
                for seed in range(1, min(arguments.seeds, network.seeds) + 1):
                    for views in (0, 1) if seed % 2 else (1, 0):  # what the machine does meanwhile hits both
                        row = try_views(records, settings, network, views, seed, arguments.epochs)
                        figures["trials"].append({"films": what, **row})
                        print(what, row, file=sys.stderr)
                        write(figures, arguments.output)
    print("\n".join(page(figures)))


def write(figures: Mapping[str, Any], folder: Path) -> None:
    """Writes what there is."""
    (folder / "feature_cache.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / "feature_cache.md").write_text("\n".join(page(figures)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
