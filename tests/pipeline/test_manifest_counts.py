"""Films and patients by what they are."""

from typing import Any

from components.manifest_gen.rows import ManifestRow, Rejection
from pipeline.manifest_counts import Count, counts_of, rejections_of


def film(**values: Any) -> ManifestRow:
    defaults = {name: 0 if kind == "int" else "" for name, kind in ManifestRow.__annotations__.items()}
    defaults |= {"label": "covid", "view": "PA", "source": "s", "split": "train", "patient_id": "p"}
    return ManifestRow(**(defaults | values))


def test_films_and_patients_are_counted_by_class_view_source_and_split() -> None:
    rows = [
        film(split="unused", patient_id="c"),
        film(),
        film(patient_id="b"),
        film(patient_id="b", view="AP"),
        film(patient_id="b"),
        film(label="healthy", source="t", split="test"),
    ]
    assert counts_of(rows) == [
        Count("covid", "AP", "s", "train", 1, 1),
        Count("covid", "PA", "s", "train", 3, 2),
        Count("covid", "PA", "s", "unused", 1, 1),
        Count("healthy", "PA", "t", "test", 1, 1),
    ]


def test_rejections_are_counted_by_source_and_reason_the_most_frequent_first() -> None:
    rejected = [Rejection(source, 0, "", reason, "") for source, reason in ("bx", "ax", "ay", "ay", "az", "az")]
    assert rejections_of(rejected) == [("a", "y", 2), ("a", "z", 2), ("a", "x", 1), ("b", "x", 1)]
