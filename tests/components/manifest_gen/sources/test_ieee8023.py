from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.ieee8023 import Ieee8023Source, read_ieee8023
from trainer.errors import SourceError

SOURCE = Ieee8023Source(kind="ieee8023", name="here", path="collection")
WriteCollection = Callable[..., Path]


def read(folder: Path) -> list[Film | Rejection]:
    return list(read_ieee8023(SOURCE, folder))


def reasons(folder: Path) -> list[tuple[int, str, str]]:
    """Row, file and reason of everything that the source yields."""
    return [(item.row, item.file, item.reason if isinstance(item, Rejection) else "film") for item in read(folder)]


def test_a_row_becomes_a_film_as_the_source_spells_it(write_collection: WriteCollection) -> None:
    folder = write_collection(["7, m ,65,COVID-19,ap supine,X-ray,a.jpg,,"], ["a.jpg"])
    path = folder.resolve() / "images" / "a.jpg"
    assert read(folder) == [Film(path, 2, "here", "a.jpg", "7", "COVID-19", "ap supine", 65.0, "M")]


def test_the_later_schema_is_read_too(write_collection: WriteCollection) -> None:
    header = "patientid,offset,sex,age,finding,RT_PCR_positive,view,modality,folder,filename"
    folder = write_collection(["7,0,F,65,Pneumonia/Viral/COVID-19,Y,PA,X-ray,images,a.jpg"], ["a.jpg"], header)
    (film,) = read(folder)
    assert isinstance(film, Film)
    assert (film.patient, film.finding, film.view, film.sex) == ("7", "Pneumonia/Viral/COVID-19", "PA", "F")


@pytest.mark.parametrize(
    "header, row",
    [
        ("patientid,finding,view", "7-a,COVID-19,PA"),
        ("patientid,finding,view,imagename", "7,COVID-19,PA,7-a.jpg"),
        ("patientid,finding,view,filename", "7,COVID-19,PA,7-a"),
    ],
    ids=["called by the patient", "imagename", "without its ending"],
)
def test_the_file_is_found_however_the_metadata_name_it(
    write_collection: WriteCollection, header: str, row: str
) -> None:
    (film,) = read(write_collection([row], ["7-a.jpg"], header))
    assert isinstance(film, Film)
    assert film.path.name == "7-a.jpg"


def test_blank_age_sex_and_modality_reject_nothing(write_collection: WriteCollection) -> None:
    (film,) = read(write_collection(["7,,,COVID-19,PA,,a.jpg,,"], ["a.jpg"]))
    assert isinstance(film, Film)
    assert (film.age, film.sex) == (None, None)


def test_odd_file_names_are_found(write_collection: WriteCollection) -> None:
    names = ["1.webp-day5.png", "lungs@2x.jpg", "with blank.JPEG", "sub/film.png"]
    folder = write_collection([f"7,M,65,COVID-19,PA,X-ray,{name},," for name in names], names)
    assert reasons(folder) == [(row, name, "film") for row, name in enumerate(names, 2)]


def test_each_row_and_file_that_cannot_be_used_has_its_reason(write_collection: WriteCollection) -> None:
    rows = [
        "7,M,65,COVID-19,PA,X-ray,good.jpg,,",
        "7,M,65,COVID-19,Axial,CT,slice.jpg,,",
        "7,M,65,COVID-19,Axial,CT,slice.nii.gz,,",
        " ,M,65,COVID-19,PA,X-ray,nobody.jpg,,",
        "7,M,65,COVID-19,PA,X-ray,gone.jpg,,",
        "7,M,65,COVID-19,PA,X-ray,,,",
        "7,M,65,COVID-19,PA,X-ray,good.jpg,,",
        "7,M,65,COVID-19,PA,X-ray,../../etc/passwd,,",
        "7,M,65,COVID-19,PA,X-ray,/etc/passwd,,",
        "7,M,65,COVID-19, ARDS,PA,X-ray,shifted.jpg,,x",
        "7,M,65,COVID-19,PA,X-ray,empty.jpg,,",
        "7,M,65,COVID-19,PA,X-ray,notes.txt,,",
    ]
    films = ["good.jpg", "slice.jpg", "nobody.jpg", "shifted.jpg", "empty.jpg", "notes.txt", "extra.jpg", "extra.txt"]
    folder = write_collection(rows, films)
    (folder / "images" / "empty.jpg").write_bytes(b"")
    assert reasons(folder) == [
        (2, "good.jpg", "film"),
        (3, "slice.jpg", "modality"),
        (4, "slice.nii.gz", "modality"),
        (5, "nobody.jpg", "no_patient"),
        (6, "gone.jpg", "no_file"),
        (7, "", "no_file"),
        (8, "good.jpg", "duplicate_row"),
        (9, "../../etc/passwd", "outside_folder"),
        (10, "/etc/passwd", "outside_folder"),
        (11, "shifted.jpg", "film"),
        (12, "empty.jpg", "empty_file"),
        (13, "notes.txt", "not_a_film"),
        (0, "images/extra.jpg", "no_row"),
        (0, "images/extra.txt", "not_a_film"),
    ]


def test_a_film_behind_a_link_out_of_the_folder_is_rejected(write_collection: WriteCollection, tmp_path: Path) -> None:
    folder = write_collection(["7,M,65,COVID-19,PA,X-ray,link.jpg,,"], ["a.jpg"])
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (folder / "images" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    assert reasons(folder) == [(2, "link.jpg", "outside_folder"), (0, "images/a.jpg", "no_row")]


def test_films_beside_their_metadata_are_read(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("patientid,finding,view\n7,COVID-19,PA\n")
    (tmp_path / "7.png").write_bytes(b"x")
    flat = SOURCE.model_copy(update={"images": (".",)})
    assert [item.file for item in read_ieee8023(flat, tmp_path)] == ["7"]


def test_missing_columns_are_refused(write_collection: WriteCollection) -> None:
    with pytest.raises(SourceError, match="no column 'finding', 'view'; it has 'patientid', 'file'"):
        read(write_collection(["7,a.jpg"], ["a.jpg"], "patientid,file"))


def test_a_missing_metadata_file_is_refused(write_collection: WriteCollection) -> None:
    folder = write_collection([], ["a.jpg"])
    (folder / "metadata.csv").unlink()
    with pytest.raises(SourceError, match=r"metadata\.csv cannot be read"):
        read(folder)


def test_missing_and_empty_folders_of_films_are_refused(write_collection: WriteCollection) -> None:
    folder = write_collection([], ["a.jpg"])
    (folder / "images" / "a.jpg").unlink()
    with pytest.raises(SourceError, match="holds no film"):
        read(folder)
    (folder / "images").rmdir()
    with pytest.raises(SourceError, match=r"there is no folder or film .*images"):
        read(folder)


FILES = ["a.png", "b.png", "c.txt", "d@2x.jpg"]
ODD = st.sampled_from(["a.png", "b", "../a.png", "/a.png", "c.txt", "CT", "X-ray", "PA", '"', ",", "\n", "7", "", "é"])
TABLES = st.lists(st.lists(ODD, min_size=6, max_size=7), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLES)
def test_whatever_the_cells_hold_each_row_and_each_file_comes_out_once(
    write_collection: WriteCollection, table: list[list[str]]
) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    rows = [",".join(map(quoted, row)) for row in table]
    items = read(write_collection(rows, FILES, "patientid,finding,view,modality,filename,age"))
    written = sum(any(cell.strip() for cell in row) for row in table)
    assert len({item.row for item in items if item.row}) == sum(1 for item in items if item.row) == written
    named = {item.path.name for item in items if isinstance(item, Film)}
    spare = Counter(item.file for item in items if not item.row)
    assert set(spare.values()) <= {1}
    assert not {f"images/{name}" for name in named} & set(spare)
    assert set(spare) <= {f"images/{name}" for name in FILES}
