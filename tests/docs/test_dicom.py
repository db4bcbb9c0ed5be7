"""docs/dicom.md: every element that is looked at stands in it, and every reason."""

from pathlib import Path

from pydicom.datadict import dictionary_description

from components.manifest_gen.rows import REASONS
from trainer.dicom import grey
from trainer.dicom.header import ALLOWED
from trainer.film_size import MAX_PIXELS

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "dicom.md").read_text(encoding="utf-8").split())


def test_every_element_of_a_header_that_is_looked_at_is_named() -> None:
    assert [name for name in map(dictionary_description, ALLOWED) if f"*{name}*" not in PAGE] == []


def test_every_step_of_the_conversion_is_named() -> None:
    steps = [name for name in grey.ELEMENTS if name.endswith(("Sequence", "Slope", "Center", "Width", "Shape"))]
    assert [name for name in map(dictionary_description, steps) if f"*{name}*" not in PAGE] == []


def test_every_reason_is_one_that_a_run_can_give() -> None:
    named = {row.partition("`")[0] for row in PAGE.split("| `")[1:]}
    assert named <= set(REASONS)
    assert {"frames", "photometric", "unprocessed", "size", "modality", "no_patient"} <= named
    assert f"{MAX_PIXELS:,} pixels" in PAGE
