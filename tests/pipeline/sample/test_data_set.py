import csv
import hashlib
from pathlib import Path

import pytest
from PIL import Image

from pipeline.sample import data_set
from pipeline.sample.data_set import draw_data_set
from trainer.errors import UsageError


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "films"
    draw_data_set(folder, patients=4, seed=7)
    return folder


def test_the_same_seed_gives_the_same_bytes(small: Path, tmp_path: Path):
    draw_data_set(tmp_path / "again", patients=4, seed=7)
    assert digests(tmp_path / "again") == digests(small)


def test_several_processes_draw_the_bytes_that_one_draws(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data_set, "FILMS_FOR_PROCESSES", 1)
    monkeypatch.setattr(data_set.os, "sched_getaffinity", lambda pid: {0, 1})
    seen: list[tuple[int, int]] = []
    draw_data_set(tmp_path / "again", patients=4, seed=7, progress=lambda *counts: seen.append(counts))
    assert digests(tmp_path / "again") == digests(small)
    assert seen == [(done, len(seen)) for done in range(1, len(seen) + 1)]


def test_another_seed_gives_other_films(small: Path, tmp_path: Path):
    draw_data_set(tmp_path / "other", patients=4, seed=8)
    assert not set(digests(tmp_path / "other").values()) & set(digests(small).values())


def test_more_patients_only_add_films(small: Path, drawn: Path):
    few = {path: digest for path, digest in digests(small).items() if not path.endswith(".csv")}
    assert few.items() <= digests(drawn).items()


def test_the_ieee_table_has_the_header_of_march_2020(drawn: Path):
    header = (drawn / "ieee-layout/metadata.csv").read_bytes().split(b"\n")[0]
    assert header == (
        b"Patientid,offset,sex,age,finding,survival,view,modality,date,location,filename,doi, url,license,"
        b"clinical notes,other notes,"
    )


def test_the_nih_table_has_its_header_and_line_ends(drawn: Path):
    content = (drawn / "class-folders/Data_Entry.csv").read_bytes()
    assert content.startswith(
        b"Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
        b"OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\r\n"
    )
    assert content.count(b"\r\n") == content.count(b"\n")


def test_every_row_has_its_film_and_every_film_its_row(drawn: Path):
    ieee = {row["filename"] for row in rows(drawn / "ieee-layout/metadata.csv")}
    assert ieee == {path.name for path in (drawn / "ieee-layout/images").iterdir()}
    folders = {"COVID-19": "covid", "No Finding": "normal"}
    nih = {(folders[row["Finding Labels"]], row["Image Index"]) for row in rows(drawn / "class-folders/Data_Entry.csv")}
    assert nih == {(path.parent.name, path.name) for path in (drawn / "class-folders").glob("*/*")}


def test_both_sources_hold_both_classes_in_both_views(drawn: Path):
    cells = {("covid", "PA"), ("covid", "AP"), ("normal", "PA"), ("normal", "AP")}
    names = {"COVID-19": "covid", "No Finding": "normal"}
    assert {(names[r["finding"]], r["view"]) for r in rows(drawn / "ieee-layout/metadata.csv")} == cells
    nih = rows(drawn / "class-folders/Data_Entry.csv")
    assert {(names[r["Finding Labels"]], r["View Position"]) for r in nih} == cells


def test_the_sources_share_no_patient_and_no_patient_has_two_findings(drawn: Path):
    ieee = {(r["Patientid"], r["finding"]) for r in rows(drawn / "ieee-layout/metadata.csv")}
    nih = {(r["Patient ID"], r["Finding Labels"]) for r in rows(drawn / "class-folders/Data_Entry.csv")}
    people = [patient for patient, _ in ieee | nih]
    assert len(people) == len(set(people)) == 64
    assert not {patient for patient, _ in ieee} & {patient for patient, _ in nih}


def test_tables_tell_size_and_format_as_they_are(small: Path):
    for row in rows(small / "class-folders/Data_Entry.csv"):
        (path,) = (small / "class-folders").glob(f"*/{row['Image Index']}")
        with Image.open(path) as image:
            assert image.size == (int(row["OriginalImage[Width"]), int(row["Height]"]))
            assert image.format == {".png": "PNG", ".jpg": "JPEG"}[path.suffix]


def test_progress_counts_every_film(tmp_path: Path):
    seen: list[tuple[int, int]] = []
    draw_data_set(tmp_path / "films", patients=4, seed=7, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 10) for done in range(1, 11)]


def test_an_interrupted_draw_leaves_nothing(tmp_path: Path):
    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_data_set(tmp_path / "films", patients=4, seed=7, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_drawn_into(tmp_path: Path):
    (tmp_path / "films").mkdir()
    draw_data_set(tmp_path / "films", patients=4, seed=7)
    assert [path.name for path in tmp_path.iterdir()] == ["films"]


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"is not empty; .* name another or remove it"):
        draw_data_set(tmp_path, patients=4, seed=7)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "films").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        draw_data_set(tmp_path / "films", patients=4, seed=7)


def test_too_few_patients_are_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"patients is 3, .* ask for 4 or more"):
        draw_data_set(tmp_path / "films", patients=3, seed=7)


def test_a_negative_seed_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="seed is -1"):
        draw_data_set(tmp_path / "films", patients=4, seed=-1)
