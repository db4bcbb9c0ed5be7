"""What tells the class in a drawn set: the lungs, and nothing else.

Each test asks a classifier, cross-validated with the patients kept apart, for the area under the ROC curve.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NEAR_CHANCE = 0.65
CLEAR = 0.8


class Films(NamedTuple):
    labels: np.ndarray  #: bool [N]
    patients: np.ndarray  #: int [N]
    files: np.ndarray  #: float [N, 7]: width, height, aspect, bytes, bytes per pixel, PNG, gray
    metadata: np.ndarray  #: float [N, 4]: PA, source, male, age
    pixels: np.ndarray  #: float [N, 40, 40]


@pytest.fixture(scope="module")
def films(drawn: Path) -> Films:
    with (drawn / "ieee-layout/metadata.csv").open(newline="") as file:
        rows = [
            (r["Patientid"], r["finding"], r["view"], 0, r["sex"], r["age"], r["filename"])
            for r in csv.DictReader(file)
        ]
    with (drawn / "class-folders/Data_Entry.csv").open(newline="") as file:
        keys = ("Patient ID", "Finding Labels", "View Position")
        rows += [
            (*(r[key] for key in keys), 1, r["Patient Gender"], r["Patient Age"], r["Image Index"])
            for r in csv.DictReader(file)
        ]
    files, pixels = [], []
    for *_, name in rows:
        (path,) = drawn.rglob(name)
        with Image.open(path) as image:
            area, size = image.width * image.height, path.stat().st_size
            shape = (image.width, image.height, image.width / image.height)
            files.append((*shape, size, size / area, image.format == "PNG", image.mode == "L"))
            pixels.append(np.asarray(image.convert("L").resize((40, 40), Image.Resampling.BOX), dtype=float))
    return Films(
        labels=np.array([finding == "COVID-19" for _, finding, *_ in rows]),
        patients=np.array([int(row[0]) for row in rows]),
        files=np.array(files, dtype=float),
        metadata=np.array([(v == "PA", source, sex == "M", float(age)) for _, _, v, source, sex, age, _ in rows]),
        pixels=np.array(pixels),
    )


def area_under_curve(features: np.ndarray, films: Films, strength: float = 1.0) -> float:
    """Of a logistic regression, mean of three foldings; ``strength`` is that of scikit-learn's C."""
    features = features.reshape(len(films.labels), -1)
    areas = []
    for seed in range(3):
        scores = np.empty(len(films.labels))
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for train, test in folds.split(features, films.labels, films.patients):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
            scores[test] = model.fit(features[train], films.labels[train]).decision_function(features[test])
        areas.append(roc_auc_score(films.labels, scores))
    return float(np.mean(areas))


def rim(films: Films) -> np.ndarray:
    """The outer 10 % on every side, 576 of 1600 pixels."""
    outer = np.ones((40, 40), dtype=bool)
    outer[4:-4, 4:-4] = False
    return films.pixels[:, outer]


def test_file_attributes_do_not_tell_the_class(films: Films):
    assert area_under_curve(films.files, films) < NEAR_CHANCE


def test_view_source_sex_and_age_do_not_tell_the_class(films: Films):
    assert area_under_curve(films.metadata, films) < NEAR_CHANCE


def test_mean_brightness_does_not_tell_the_class(films: Films):
    means = films.pixels.mean(axis=(1, 2))
    assert area_under_curve(means, films) < NEAR_CHANCE
    raw = roc_auc_score(films.labels, means)
    assert max(raw, 1 - raw) < NEAR_CHANCE


def test_the_rim_does_not_tell_the_class(films: Films):
    assert area_under_curve(rim(films), films, strength=0.01) < NEAR_CHANCE
    assert area_under_curve(rim(films).mean(axis=1), films) < NEAR_CHANCE


def test_the_lungs_tell_the_class(films: Films):
    assert area_under_curve(films.pixels[:, 8:30, 6:34], films, strength=0.01) > CLEAR


def test_the_view_can_be_seen(films: Films):
    views = films._replace(labels=films.metadata[:, 0] == 1)
    assert area_under_curve(views.pixels, views, strength=0.01) > CLEAR
