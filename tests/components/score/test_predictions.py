"""The table of predictions."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from components.score.predictions import Predictions

PREDICTIONS = Predictions(
    classes=("covid", "healthy", "other"),
    positive=0,
    image_id=["a", "b", "c"],
    patient_id=["p", "p", "q"],
    label=np.array([0, 1, 2]),
    view=["PA", "AP", "PA"],
    source=["one", "one", "two"],
    probabilities=np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.4, 0.3, 0.3]], np.float32),
    decided=np.array([True, False, True]),
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    PREDICTIONS.write(tmp_path / "p.parquet")
    read = Predictions.read(tmp_path / "p.parquet")
    assert (read.classes, read.positive) == (PREDICTIONS.classes, 0)
    assert (read.image_id, read.patient_id, read.view, read.source) == (
        ["a", "b", "c"],
        ["p", "p", "q"],
        ["PA", "AP", "PA"],
        ["one", "one", "two"],
    )
    np.testing.assert_array_equal(read.label, PREDICTIONS.label)
    np.testing.assert_array_equal(read.probabilities, PREDICTIONS.probabilities)
    np.testing.assert_array_equal(read.decided, PREDICTIONS.decided)


def test_the_score_is_the_probability_of_the_positive_class() -> None:
    np.testing.assert_array_equal(PREDICTIONS.score, np.float32([0.7, 0.1, 0.4]))
    np.testing.assert_array_equal(PREDICTIONS.is_positive, [True, False, False])


def test_other_programs_read_the_table_by_its_columns(tmp_path: Path) -> None:
    PREDICTIONS.write(tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet").to_pandas()
    assert list(table.columns) == [
        "image_id", "patient_id", "label", "view", "source", "variant",
        "probability_covid", "probability_healthy", "probability_other", "decided",
    ]  # fmt: skip
    assert set(table["variant"]) == {"original"}
