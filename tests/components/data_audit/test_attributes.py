"""What manifest and file system say of a film, as features."""

from typing import Any

import numpy as np

from components.data_audit.attributes import ages, file_attributes, metadata, one_hot, sexes
from components.manifest_gen.rows import ManifestRow


def row(**keys: Any) -> ManifestRow:
    values: dict[str, Any] = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    given = {"width": 10, "height": 20, "bytes": 400, "format": "PNG", "mode": "L", "age": None, "sex": None}
    return ManifestRow(**{**values, **given, **keys})


def test_file_attributes_are_logarithms_with_format_and_mode() -> None:
    found = file_attributes([row(), row(width=40, format="JPEG", mode="RGB", bytes=800)])
    expected = [np.log(10), np.log(20), np.log(0.5), np.log(400), np.log(2), 0, 1, 1, 0]
    np.testing.assert_allclose(found[0], expected)
    np.testing.assert_allclose(found[1, [0, 2, 4]], [np.log(40), np.log(2), 0], atol=1e-12)


def test_an_age_that_is_not_known_is_a_feature_of_its_own() -> None:
    np.testing.assert_array_equal(ages([row(age=30.0), row(), row(age=50.0)]), [[30, 1], [40, 0], [50, 1]])
    np.testing.assert_array_equal(ages([row(), row()]), [[0, 0], [0, 0]])


def test_a_sex_that_is_not_known_is_a_category() -> None:
    assert sexes([row(sex="F"), row(), row(sex="M")]) == ["F", "unknown", "M"]


def test_metadata_are_view_source_sex_and_age() -> None:
    found = metadata([row(view="PA", source="a", sex="F", age=1.0), row(view="AP", source="a", sex="M", age=3.0)])
    np.testing.assert_array_equal(found, [[0, 1, 1, 1, 0, 1, 1], [1, 0, 1, 0, 1, 3, 1]])


def test_one_hot_has_a_column_for_each_value_that_occurs() -> None:
    np.testing.assert_array_equal(one_hot(["b", "a", "b"]), [[0, 1], [1, 0], [0, 1]])
