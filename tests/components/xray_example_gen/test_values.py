"""From a row of the manifest to the features of its record."""

import dataclasses

import pytest

from components.manifest_gen.rows import ManifestRow
from components.xray_example_gen.values import first_finding, record_values
from trainer import features

GIVEN = {"label": "healthy", "finding": "No Finding", "view": "PA", "age": 61.0, "sex": "F", "row": 2}
ROW = ManifestRow(**(dict.fromkeys(ManifestRow.__dataclass_fields__, "") | GIVEN))


def test_every_feature_but_the_image_comes_from_the_manifest() -> None:
    assert tuple(record_values(ROW, ["covid", "healthy"])) == tuple(f for f in features.FEATURES if f != features.IMAGE)


def test_the_label_is_the_index_of_the_class() -> None:
    assert record_values(ROW, ["covid", "healthy"])[features.LABEL] == 1
    assert record_values(ROW, ["healthy", "covid"])[features.LABEL] == 0


def test_what_is_not_known_is_none() -> None:
    values = record_values(dataclasses.replace(ROW, age=None, sex=None), ["covid", "healthy"])
    assert (values[features.AGE], values[features.SEX]) == (None, None)


@pytest.mark.parametrize(
    "finding, first",
    [("No Finding", "No Finding"), ("Infiltration|Pneumonia", "Infiltration"), ("COVID-19, ARDS", "COVID-19, ARDS")],
)
def test_the_first_of_a_list_of_findings_counts(finding: str, first: str) -> None:
    assert first_finding(finding) == first
