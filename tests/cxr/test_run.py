"""``cxr run`` where it ends before TensorFlow is needed: wrong settings and unreadable sources."""

from pathlib import Path
from typing import Any

import pytest

HEADER = "Patientid,offset,sex,age,finding,survival,view,modality,date,location,filename"


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A folder in the layout of the profile covid_chestxray, with one row and one film per source."""
    images = tmp_path / "data" / "covid-chestxray-dataset" / "images"
    images.mkdir(parents=True)
    (images / "a.png").write_bytes(b"film")
    (images.parent / "metadata.csv").write_text(f"{HEADER}\n1,0,F,50,COVID-19,,PA,X-ray,,,a.png\n")
    normal = tmp_path / "data" / "normal" / "No_findings"
    normal.mkdir(parents=True)
    (normal / "b.png").write_bytes(b"film")
    columns = "Image Index,Finding Labels,Patient ID,Patient Age,Patient Gender,View Position"
    (normal.parent / "Data_Entry_2017_subset.csv").write_text(f"{columns}\nb.png,No Finding,1,50,F,PA\n")
    return tmp_path / "data"


def run(cxr: Any, *overrides: str) -> tuple[int, list[str]]:
    options = [part for override in overrides for part in ("--set", override)]
    result = cxr("run", "--profile", "covid_chestxray", "--root", "root", *options)
    assert result.stdout == ""
    return result.returncode, result.stderr.splitlines()


def test_all_wrong_settings_are_told_and_nothing_is_made(cxr: Any, tmp_path: Path) -> None:
    code, lines = run(cxr, "trainer.epoch=5", "gate.min_recall=2")
    assert code == 2
    assert lines == [
        "cxr: trainer.epoch is not a setting; did you mean trainer.epochs?",
        "cxr: gate.min_recall is 2: input should be less than or equal to 1",
    ]
    assert not (tmp_path / "root").exists()


def test_no_folder_of_films_is_wrong_use(cxr: Any) -> None:
    assert run(cxr) == (
        2, ["cxr: data.root is not set; name the folder that holds the films with --set data.root=FOLDER"]
    )  # fmt: skip


def test_a_missing_folder_is_named(cxr: Any) -> None:
    code, lines = run(cxr, "data.root=nowhere")
    assert code == 2
    assert lines == ["cxr: data.root is nowhere, which is no folder; set it to the folder that holds the films"]


def test_a_missing_source_is_named(cxr: Any, collection: Path) -> None:
    (collection / "normal").rename(collection / "abnormal")
    code, lines = run(cxr, f"data.root={collection}")
    assert code == 2
    assert len(lines) == 1
    assert "source 'nih-normal': folder" in lines[0]


def test_an_empty_folder_of_films_is_named(cxr: Any, collection: Path) -> None:
    (collection / "normal" / "No_findings" / "b.png").unlink()
    code, lines = run(cxr, f"data.root={collection}")
    assert code == 2
    assert len(lines) == 1
    assert "No_findings" in lines[0]


def test_metadata_without_the_needed_columns_are_named(cxr: Any, collection: Path) -> None:
    (collection / "covid-chestxray-dataset" / "metadata.csv").write_text("patientid,filename\n1,a.png\n")
    code, lines = run(cxr, f"data.root={collection}")
    assert code == 2
    assert len(lines) == 1
    assert "metadata.csv" in lines[0]
    assert "finding" in lines[0]
    assert "view" in lines[0]


def test_missing_metadata_are_named(cxr: Any, collection: Path) -> None:
    (collection / "covid-chestxray-dataset" / "metadata.csv").unlink()
    code, lines = run(cxr, f"data.root={collection}")
    assert code == 2
    assert "metadata.csv" in lines[0]


def test_a_second_run_on_the_same_root_is_refused(cxr: Any, collection: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / "root").mkdir()
    with FileLock(tmp_path / "root" / "run.lock"):
        code, lines = run(cxr, f"data.root={collection}")
    assert code == 1
    assert lines == [
        f"cxr: another run is using {tmp_path / 'root'}; wait for its end, or name another folder with --root"
    ]


def test_debug_shows_the_traceback(cxr: Any) -> None:
    result = cxr("run", "--profile", "covid_chestxray", "--root", "root", "--debug")
    assert "Traceback" in result.stderr
