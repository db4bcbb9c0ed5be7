"""Charts as text: what they say, that they stand in a page, that they are the same every time."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from pipeline.report import charts
from pipeline.report.charts import ForestRow
from trainer.predictions import Predictions
from trainer.servable import Rate


def predictions(score: list[float], label: list[int]) -> Predictions:
    scores = np.array(score, np.float32)
    n = len(score)
    return Predictions(
        classes=("covid", "healthy"),
        positive=0,
        threshold=0.5,
        image_id=[f"{i:016x}" for i in range(n)],
        patient_id=[f"p{i}" for i in range(n)],
        label=np.array(label),
        view=["PA"] * n,
        source=["s"] * n,
        sex=[""] * n,
        age=np.full(n, np.nan),
        probabilities=np.column_stack([scores, 1 - scores]),
        decided=scores >= 0.5,
    )


FOUR = predictions([0.9, 0.4, 0.6, 0.1], [0, 0, 1, 1])
RATE = Rate(value=0.9, low=0.7, high=0.97, n=20, patients=12)


def description(svg: str) -> str:
    root = ET.fromstring(svg)
    return root.findtext("{http://www.w3.org/2000/svg}desc") or ""


def test_the_roc_curve_says_its_area_and_where_the_threshold_is() -> None:
    assert description(charts.roc(FOUR)) == (
        "area under the curve 0.750; at the stored threshold 0.500: recall 0.500, specificity 0.500"
    )


def test_the_precision_curve_says_its_area_and_where_the_threshold_is() -> None:
    told = description(charts.precision_recall(FOUR))
    assert told.startswith("average precision 0.833; 50.0% of the films are covid")
    assert told.endswith("recall 0.500, precision 0.500")


def test_the_precision_curve_of_a_model_that_calls_nothing_positive_has_no_mark() -> None:
    quiet = predictions([0.4, 0.3, 0.2, 0.1], [0, 0, 1, 1])
    assert "at the stored threshold" not in description(charts.precision_recall(quiet))


def test_every_film_is_in_the_histogram() -> None:
    assert description(charts.score_histogram(FOUR)) == "2 films of covid and 2 others; threshold 0.500"


def test_learning_curves_are_one_per_measure_and_name_the_kept_epoch() -> None:
    history = [{"loss": 1.0, "eval_loss": 0.5, "recall": 0.5, "eval_recall": 0.7}] * 3
    drawn = charts.learning_curves(history, 2)
    assert [description(svg) for svg in drawn] == [
        "in the kept epoch 2: train 1.000, eval 0.500",
        "in the kept epoch 2: train 0.500, eval 0.700",
    ]
    assert charts.learning_curves([], 1) == ()


def test_a_forest_names_every_interval() -> None:
    svg = charts.forest([ForestRow("all films", RATE, heavy=True), ForestRow("PA", RATE)], "forest", "Recall", 0.6)
    assert description(svg) == "all films: 0.90 (0.70 to 0.97); PA: 0.90 (0.70 to 0.97)"
    assert "bound 0.60" in svg


@pytest.mark.parametrize("label", ["<b>&", "$\\frac{1}{2}$", "x" * 60])
def test_any_label_can_be_drawn(label: str) -> None:
    ET.fromstring(charts.forest([ForestRow(label, RATE)], "forest", "Recall"))


def test_a_chart_has_no_colour_font_or_id_of_its_own() -> None:
    svg = charts.roc(FOUR)
    assert "#0" not in svg.replace('"#', "")
    assert "DejaVu" not in svg
    assert "<style" not in svg
    root = ET.fromstring(svg)
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("roc-") for name in ids)


def test_the_same_data_give_the_same_bytes() -> None:
    assert charts.roc(FOUR) == charts.roc(FOUR)
