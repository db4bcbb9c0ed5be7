from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.manifest_gen.rows import Film
from components.manifest_gen.sources.csv import CsvSource
from trainer.errors import SourceError

PLAIN = {
    "kind": "csv",
    "metadata": "list.csv",
    "columns": {"file": "name", "patient": "who", "finding": "what", "view": "view"},
}
Read = Callable[..., Any]


def test_a_table_of_another_house_is_read_by_settings_alone(read: Read, tmp_path: Path) -> None:
    table = (
        "Röntgen-Nr.;Ablage;Fall;Befund (Kürzel);Aufnahmetechnik;Geschl.;Alter in Jahren;Gerät\r\n"
        "R1;2020 Nord;K-0017/2;o.B.;p.a. stehend;weibl.;58 J.;DX\r\n"
        "R2;2020 Nord;K-0017/3;COV;p.a. stehend;weibl.;58 J.;DX\r\n"
        "R3;2021 Süd;K-0018/1;COV;liegend;männl.;;DX\r\n"
        "R4;2021 Süd;K-0019/1;COV;;divers;40 J.;DX\r\n"
        "R5;2021 Süd;;COV;;divers;40 J.;MRT\r\n"
        "R6;;K-0020/1;COV;;divers;40 J.;DX\r\n"
    )
    settings = {
        "kind": "csv",
        "metadata": "liste.csv",
        "images": ["Archiv/20*"],
        "columns": {
            "file": "{Ablage}/{röntgen-nr.}",
            "patient": "Fall",
            "finding": "Befund (Kürzel)",
            "view": "Aufnahmetechnik",
            "sex": "Geschl.",
            "age": "Alter in Jahren",
            "modality": "Gerät",
        },
        "patterns": {"patient": r"^(K-\d+)/", "age": r"^(\d+) J"},
        "values": {
            "view": {"p.a. stehend": "PA", "liegend": "AP Supine"},
            "finding": {"o.B.": "No Finding", "COV": "COVID-19"},
            "sex": {"weibl.": "F", "männl.": "M"},
        },
        "constants": {"view": "AP"},
    }
    films = ["2020 Nord/R1.png", "2020 Nord/R2.jpg", "2021 Süd/R3.PNG", "2021 Süd/R4.png", "2021 Süd/R5.png"]
    items = read(settings, [f"Archiv/{film}" for film in films], liste=table.encode("latin-1"))
    said = [(one.file, one.patient, one.finding, one.view, one.sex, one.age) for one in items if isinstance(one, Film)]
    assert said == [
        ("2020 Nord/R1", "K-0017", "No Finding", "PA", "F", 58.0),
        ("2020 Nord/R2", "K-0017", "COVID-19", "PA", "F", 58.0),
        ("2021 Süd/R3", "K-0018", "COVID-19", "AP Supine", "M", None),
        ("2021 Süd/R4", "K-0019", "COVID-19", "AP", None, 40.0),
    ]
    assert [(one.row, one.file, one.reason) for one in items if not isinstance(one, Film)] == [
        (6, "2021 Süd/R5", "modality"),
        (7, "", "no_file"),
    ]


def test_the_film_may_be_called_by_the_patient(reasons: Read) -> None:
    columns = PLAIN["columns"] | {"file": "{who}.jpg"}  # type: ignore[operator]
    table = "who,what,view\n7,COVID-19,PA\n8,COVID-19,PA\n,COVID-19,PA\n"
    assert reasons(PLAIN | {"columns": columns}, ["7.jpg"], list=table) == [
        (2, "7.jpg", "film"),
        (3, "8.jpg", "no_file"),
        (4, "", "no_patient"),
    ]


def test_without_a_column_of_patients_each_film_is_one_of_its_own(read: Read) -> None:
    columns = {"file": "name", "finding": "what", "view": "view"}
    table = "name,what,view\na.png,COVID-19,PA\n"
    (film,) = read(PLAIN | {"columns": columns}, ["sub/a.png"], list=table)
    assert film.patient == "sub/a"
    source = CsvSource.model_validate({"name": "here", "path": "here", **PLAIN, "columns": columns})
    assert not source.names_patients


def test_what_is_the_same_for_all_films_needs_no_column(read: Read) -> None:
    settings = PLAIN | {"columns": {"file": "name", "patient": "who"}, "constants": {"finding": "Normal", "view": "PA"}}
    (film,) = read(settings, ["a.png"], list="name,who\na.png,7\n")
    assert (film.finding, film.view) == ("Normal", "PA")


@pytest.mark.parametrize(
    "column, message",
    [
        ("Whos", r"no column 'whos'; did you mean 'who'\? It has 'name', 'who', 'what', 'view'"),
        ("{site}-{who}", "no column 'site'; it has 'name', 'who', 'what', 'view': name the column that is meant"),
    ],
)
def test_a_column_that_is_not_there_is_named_with_the_nearest(read: Read, column: str, message: str) -> None:
    columns = PLAIN["columns"] | {"patient": column}  # type: ignore[operator]
    with pytest.raises(SourceError, match=message):
        read(PLAIN | {"columns": columns}, ["a.png"], list="name,who,what,view\na.png,7,COVID-19,PA\n")


def test_a_film_of_the_table_s_own_folder_is_no_place_outside_it(reasons: Read) -> None:
    columns = PLAIN["columns"] | {"file": "{dir}/{name}"}  # type: ignore[operator]
    table = "dir,name,who,what,view\n../..,etc/passwd,7,COVID-19,PA\n/etc,passwd,7,COVID-19,PA\n"
    assert reasons(PLAIN | {"columns": columns}, ["a.png"], list=table) == [
        (2, "../../etc/passwd", "outside_folder"),
        (3, "/etc/passwd", "outside_folder"),
        (0, "a.png", "no_row"),
    ]


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"columns": {"patient": "who"}}, "nothing says which film a row names; name 'file' under columns"),
        (
            {"columns": {"file": "a", "view": "b"}},
            "nothing says what it shows; name 'finding' under columns or constants",
        ),
        ({"columns": {"file": "a", "finding": "b"}}, "nothing says its view; name 'view' under columns or constants"),
        ({"columns": {"file": "{a"}}, r"'\{a' is neither a column nor a text with columns in braces"),
        ({"columns": {"file": "a{}"}}, "is neither a column"),
        ({"columns": {"file": " "}}, "is neither a column"),
        ({"patterns": {"age": "(a)"}}, "patterns or values of age, of which columns says nothing"),
        ({"values": {"sex": {"w": "F"}}}, "patterns or values of sex, of which columns says nothing"),
        ({"patterns": {"patient": "("}}, r"'\(' is no regular expression"),
        ({"patterns": {"patient": "a+"}}, r"'a\+' has 0 groups; put one pair of brackets around what is meant"),
        ({"constants": {"patient": "7"}}, "constants cannot give every film the same patient"),
        ({"metadata": "/etc/passwd"}, "leads out of the source's folder"),
    ],
)
def test_settings_that_make_no_sense_are_told(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CsvSource.model_validate({"name": "here", "path": "here", **PLAIN, **keys})


def test_settings_survive_a_trip_through_json() -> None:
    source = CsvSource.model_validate({"name": "here", "path": "here", **PLAIN, "images": "a*"})
    assert CsvSource.model_validate_json(source.model_dump_json()) == source
