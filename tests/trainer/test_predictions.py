"""The table of predictions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from trainer.predictions import ORIGINAL, Predictions, read_predictions, read_variants, write_predictions

PREDICTIONS = Predictions(
    classes=("covid", "healthy", "other"),
    positive=0,
    threshold=0.35,
    image_id=["a", "b", "c"],
    patient_id=["p", "p", "q"],
    label=np.array([0, 1, 2]),
    view=["PA", "AP", "PA"],
    source=["one", "one", "two"],
    sex=["F", "", "M"],
    age=np.array([61.0, np.nan, 3.0]),
    probabilities=np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]], np.float32),
    decided=np.array([True, False, False]),
)


def same(one: Predictions, other: Predictions) -> bool:
    return all(
        np.array_equal(value, getattr(other, name), equal_nan=name == "age") for name, value in vars(one).items()
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    darker = replace(PREDICTIONS, decided=np.array([False, False, False]))
    write_predictions({ORIGINAL: PREDICTIONS, "darker": darker}, tmp_path / "p.parquet")
    assert same(read_predictions(tmp_path / "p.parquet"), PREDICTIONS)
    variants = read_variants(tmp_path / "p.parquet")
    assert list(variants) == [ORIGINAL, "darker"]
    assert same(variants["darker"], darker)


def test_no_film_at_all_can_be_written_and_read(tmp_path: Path) -> None:
    nothing = PREDICTIONS.chosen(np.zeros(3, bool))
    write_predictions({ORIGINAL: nothing}, tmp_path / "p.parquet")
    assert len(read_predictions(tmp_path / "p.parquet")) == 0


def test_the_score_is_the_probability_of_the_positive_class() -> None:
    np.testing.assert_array_equal(PREDICTIONS.score, np.float32([0.7, 0.1, 0.3]))
    np.testing.assert_array_equal(PREDICTIONS.is_positive, [True, False, False])


def test_a_film_below_the_threshold_is_called_the_most_probable_of_the_other_classes() -> None:
    np.testing.assert_array_equal(PREDICTIONS.called, [0, 1, 2])


def test_some_of_the_films_can_be_chosen() -> None:
    chosen = PREDICTIONS.chosen(PREDICTIONS.label > 0)
    assert (chosen.image_id, chosen.sex, len(chosen)) == (["b", "c"], ["", "M"], 2)
    np.testing.assert_array_equal(chosen.probabilities, PREDICTIONS.probabilities[1:])


def test_other_programs_read_the_table_by_its_columns(tmp_path: Path) -> None:
    write_predictions({ORIGINAL: PREDICTIONS}, tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet").to_pandas()
    assert list(table.columns) == [
        "variant", "image_id", "patient_id", "view", "source", "sex", "age", "label",
        "probability_covid", "probability_healthy", "probability_other", "decided",
    ]  # fmt: skip
    assert set(table["variant"]) == {"original"}
