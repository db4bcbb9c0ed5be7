"""Pictures of films: which are drawn, and what a run without them gives."""

import gzip
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline.report.gallery import films_of
from pipeline.report.places import Places, places_of
from pipeline.report.records import augmented, films_with_ids
from trainer.features import TEST, TRAIN
from trainer.settings import Augmentation

NO_CHANGE = Augmentation(rotation=0, zoom=0, shift=0, horizontal_flip=False, brightness=0, contrast=0, noise=0)


@pytest.fixture(scope="module")
def made(written: Callable[..., Any]) -> Any:
    return written(show_films=True).run


def test_the_worst_mistakes_come_first(made: Any) -> None:
    data = made.collect(show_films=True)
    predictions = data.predictions
    truth = predictions.probabilities[np.arange(len(predictions)), predictions.label]
    wrong = np.flatnonzero(predictions.called != predictions.label)
    worst = predictions.image_id[min(wrong, key=lambda index: truth[index])]
    assert 0 < len(wrong) <= 8
    assert len(data.films.mistakes) == len(wrong)
    assert worst in data.films.mistakes[0].caption


def test_without_changes_augmented_films_are_the_films(made: Any) -> None:
    split = made.root / "tfx" / "XrayExampleGen" / "examples" / f"Split-{TRAIN}"
    films = augmented(split, NO_CHANGE, 32, films=4, draws=2, seed=1)
    assert films.shape == (4, 3, 32, 32)
    np.testing.assert_array_equal(films[:, 0], films[:, 2])
    assert len({film.tobytes() for film in films[:, 0]}) == 4


def test_the_same_seed_draws_the_same_changes(made: Any) -> None:
    split = made.root / "tfx" / "XrayExampleGen" / "examples" / f"Split-{TRAIN}"
    first, second, other = (augmented(split, Augmentation(), 32, films=2, draws=2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first[:, 1:] != other[:, 1:]).any()


def test_films_are_found_by_their_id(made: Any) -> None:
    wanted = [row for row in made.rows if row.split == TEST][3]
    split = made.root / "tfx" / "XrayExampleGen" / "examples" / f"Split-{TEST}"
    found = films_with_ids(split, {wanted.image_id, "f" * 16}, 32)
    assert list(found) == [wanted.image_id]
    assert found[wanted.image_id].shape == (32, 32)


def test_without_artifacts_there_are_no_pictures() -> None:
    films = films_of(Places(), None, None, None)
    assert films.shown
    assert (films.augmentation, films.mistakes, films.maps, films.variants) == (None, (), {}, {})


def test_an_evaluation_has_no_training_films_to_show(made: Any, tmp_path: Any) -> None:
    places = places_of(made.nodes)
    data = made.collect(show_films=True)
    evaluation = Places(examples=tmp_path, model=places.model)
    assert films_of(evaluation, None, None, data.model).augmentation is None
    (tmp_path / f"Split-{TRAIN}").mkdir()
    (tmp_path / f"Split-{TRAIN}" / "data.gz").write_bytes(gzip.compress(b""))
    assert films_of(evaluation, None, None, data.model).augmentation is None
