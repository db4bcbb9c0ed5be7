"""Which films are explained."""

import numpy as np

from components.score.choice import choose_films
from trainer.predictions import Predictions


def predictions(
    label: list[int], score: list[float], threshold: float = 0.5, image_id: list[str] | None = None
) -> Predictions:
    films = len(label)
    of_covid = np.array(score, np.float32)
    return Predictions(
        classes=("covid", "healthy"),
        positive=0,
        threshold=threshold,
        image_id=image_id or [f"i{film}" for film in range(films)],
        patient_id=[f"p{film}" for film in range(films)],
        label=np.array(label, np.int64),
        view=["PA"] * films,
        source=["s"] * films,
        sex=[""] * films,
        age=np.full(films, np.nan),
        probabilities=np.stack([of_covid, 1 - of_covid], axis=1).reshape(films, 2),
        decided=of_covid >= threshold,
    )


def test_misses_come_first_then_false_alarms_then_right_films_the_clearest_first():
    said = predictions([0, 0, 0, 0, 1, 1, 1, 1], [0.9, 0.99, 0.1, 0.3, 0.2, 0.01, 0.7, 0.95])
    assert choose_films(said, 8) == [2, 7, 1, 5, 3, 6, 0, 4]
    assert choose_films(said, 3) == [2, 7, 1]


def test_where_all_is_right_the_right_ones_fill_the_places():
    assert choose_films(predictions([0, 0, 1], [0.8, 0.9, 0.1]), 2) == [1, 2]


def test_wrong_and_right_are_told_at_the_stored_threshold():
    assert choose_films(predictions([0, 1], [0.3, 0.25], threshold=0.2), 4) == [1, 0]


def test_copies_of_a_film_are_explained_once():
    assert choose_films(predictions([0, 0, 0], [0.1, 0.1, 0.9], image_id=["a", "a", "b"]), 3) == [0, 2]


def test_ties_are_settled_by_the_films_ids():
    said = predictions([0, 0, 0], [0.9, 0.9, 0.9], image_id=["c", "a", "b"])
    assert choose_films(said, 3) == [1, 2, 0]


def test_no_film_and_no_place_choose_nothing():
    assert choose_films(predictions([], []), 4) == []
    assert choose_films(predictions([0, 1], [0.9, 0.1]), 0) == []
