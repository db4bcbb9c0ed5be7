"""Films of a manifest as folders; a film is any file here."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.manifest_gen.rows import ManifestRow
from pipeline.data_export import export_films
from trainer.errors import RunError, UsageError
from trainer.features import SPLITS

Film = Callable[..., ManifestRow]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Writes a film and gives its row; its name, and what stands behind the last dot, are a patient's."""

    def write(content: str, split: str = "train", label: str = "covid", kind: str = "JPEG") -> ManifestRow:
        path = tmp_path / "source" / label / f"Mustermann_{split}_{content}.anna"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        values: dict[str, Any] = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
        values |= {"path": str(path), "file": path.name, "sha256": digest, "image_id": digest[:16], "row": 7}
        values |= {"patient_id": "f00", "source": "ward", "split": split, "label": label, "format": kind}
        return ManifestRow(**values)

    return write


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_films_lie_by_split_and_class_under_their_image_ids(film: Film, tmp_path: Path) -> None:
    rows = [film(f"{split} {label}", split, label, "PNG") for split in SPLITS for label in ("covid", "healthy")]
    rows += [film("more", "train", "healthy", "DICOM"), film("left out", "unused")]
    counts = export_films(rows, tmp_path / "new" / "films")
    expected = {
        f"{folder}/{row.label}/{row.image_id}{'.dcm' if row.format == 'DICOM' else '.png'}": Path(row.path).read_text()
        for row in rows
        for folder in [{"train": "train", "eval": "validation", "test": "test"}.get(row.split)]
        if folder
    }
    assert files(tmp_path / "new" / "films") == expected
    assert counts == {
        "train": {"covid": 1, "healthy": 2},
        "validation": {"covid": 1, "healthy": 1},
        "test": {"covid": 1, "healthy": 1},
    }
    assert os.listdir(tmp_path / "new") == ["films"], "nothing is left beside it"


def test_every_folder_of_a_class_is_there_even_without_films(film: Film, tmp_path: Path) -> None:
    counts = export_films([film("a"), film("b", "test", "mers")], tmp_path / "films")
    assert counts["validation"] == {"covid": 0, "mers": 0}
    assert (tmp_path / "films" / "validation" / "mers").is_dir()


def test_films_of_the_same_bytes_are_all_there(film: Film, tmp_path: Path) -> None:
    row = film("same")
    export_films([row, replace(row, source="clinic")], tmp_path / "films")
    assert set(files(tmp_path / "films")) == {f"train/covid/{row.image_id}{end}" for end in (".jpg", "-2.jpg")}


def test_a_folder_that_holds_something_is_refused_and_stays_as_it_is(film: Film, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    export_films([film("a")], tmp_path / "films")
    before = files(tmp_path / "films")
    with pytest.raises(UsageError, match=r"films' is not empty; films are exported into a new one"):
        export_films([film("b")], tmp_path / "films")
    assert files(tmp_path / "films") == before
    with pytest.raises(UsageError, match="is no folder"):
        export_films([film("a")], Path(film("b").path))


def test_a_film_that_is_gone_or_has_changed_leaves_nothing_behind(film: Film, tmp_path: Path) -> None:
    rows = [film(str(number)) for number in range(6)]
    Path(rows[1].path).unlink()
    for row in rows[2:]:
        Path(row.path).write_text("other")
    with pytest.raises(RunError) as caught:
        export_films(rows, tmp_path / "films")
    message = str(caught.value)
    assert message.startswith("5 of 6 films are not what the manifest says, so nothing was exported; film ")
    assert f"film {rows[1].image_id} (row 7 of ward): No such file or directory; " in message
    assert message.endswith("its bytes have changed; and 2 more; see cxr data check, or run the pipeline again")
    assert "Mustermann" not in message
    assert "\n" not in message
    assert os.listdir(tmp_path) == ["source"]


def test_a_folder_that_cannot_be_written_is_one_line(film: Film, tmp_path: Path) -> None:
    row = film("a")
    with pytest.raises(
        RunError, match=r"films cannot be written \((File exists|Not a directory)\); nothing was exported"
    ):
        export_films([row], Path(row.path) / "films")


def test_a_manifest_without_a_film_of_a_split_is_wrong_use(film: Film, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no film of train, eval or test"):
        export_films([film("a", "unused")], tmp_path / "films")


def test_a_class_cannot_lead_out_of_the_folder(film: Film, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'../../x' in the manifest is no name of a class"):
        export_films([replace(film("a"), label="../../x")], tmp_path / "films")
    assert os.listdir(tmp_path) == ["source"]


def test_it_tells_how_far_it_is(film: Film, tmp_path: Path) -> None:
    told: list[Any] = []
    export_films([film("a"), film("b")], tmp_path / "films", lambda *progress: told.append(progress))
    assert told == [("films", 1, 2), ("films", 2, 2)]


def test_the_manifest_of_a_comparison_with_folds_is_told_as_one(film: Film, tmp_path: Path) -> None:
    rows = [film("a", "fold1"), film("b", "fold2", "healthy"), film("c", "unused")]
    with pytest.raises(UsageError, match=r"the manifest is that of a comparison with folds, which has no train, eval"):
        export_films(rows, tmp_path / "films")
