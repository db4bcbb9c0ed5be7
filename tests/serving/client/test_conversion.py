"""A DICOM film is the same picture for the client as for the pipeline."""

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid
from pydicom.data.data_manager import DATA_ROOT

import cxr_client._dicom as ours
import trainer.dicom as theirs

CLIENT = Path(__file__).parents[3] / "serving" / "client"
#: The files that pydicom brings along: films and others, of many transfer syntaxes, some broken.
FILES = sorted(Path(DATA_ROOT, "test_files").glob("*.dcm"))


def test_the_copy_is_the_pipelines_word_for_word() -> None:
    script = runpy.run_path(str(CLIENT / "copy_conversion.py"))
    copies = script["copies"]()
    assert len(copies) > 8
    stale = [path.name for path, text in copies.items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "python serving/client/copy_conversion.py brings them up to date"
    assert set((script["CLIENT"] / "_dicom").glob("*.py")) < set(copies)


def said(module: object, data: bytes) -> bytes | str:
    try:
        return module.to_png(data)  # type: ignore[attr-defined,no-any-return]
    except module.DicomFault as fault:  # type: ignore[attr-defined]
        return f"{fault.reason}: {fault}"


def test_a_file_of_pydicoms_own_is_the_same_picture_or_the_same_fault() -> None:
    pictures = 0
    for file in FILES:
        found = said(ours, file.read_bytes())
        assert found == said(theirs, file.read_bytes()), file.name
        pictures += isinstance(found, bytes)
    assert 10 < pictures < len(FILES) - 10


@pytest.mark.parametrize(
    "syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEGBaseline8Bit], ids=lambda syntax: syntax.keyword
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_drawn_film_is_the_same_picture(make_dicom: Callable[..., bytes], syntax: uid.UID, photometric: str) -> None:
    stored = np.random.default_rng(3).integers(256, size=(90, 70), dtype=np.uint8)
    data = make_dicom(stored, syntax, PhotometricInterpretation=photometric, WindowCenter=120, WindowWidth=100)
    png = said(ours, data)
    assert isinstance(png, bytes)
    assert png == said(theirs, data)
