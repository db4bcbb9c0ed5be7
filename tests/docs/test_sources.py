"""docs/sources.md: its settings are valid, its example is read as it says, and no kind of source is left out."""

import re
from pathlib import Path

import pytest

from components.manifest_gen.rows import Film
from components.manifest_gen.sources.registry import KINDS, read_source
from pipeline.settings import RunSettings, load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
SECTIONS = {section.partition("\n")[0]: section for section in PAGE.split("\n## ")[1:]}


def settings_of(section: str, folder: Path) -> RunSettings:
    (text,) = re.findall(r"```yaml\n(.*?)```", SECTIONS[section], re.S)
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    return load_settings("sample", folder / "mine.yaml", [])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_section_with_valid_settings(kind: str, tmp_path: Path) -> None:
    assert {source.kind for source in settings_of(kind, tmp_path).data.sources} == {kind}


def test_all_settings_of_the_page_stand_in_a_section_of_a_kind() -> None:
    assert {name for name, section in SECTIONS.items() if "```yaml" in section} == set(KINDS)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_table_of_another_house_is_read_as_the_page_says(tmp_path: Path, encoding: str) -> None:
    (table,) = re.findall(r"```csv\n(.*?)```", PAGE, re.S)
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "liste.csv").write_text(table, encoding=encoding)
    for name in ("Nord/R1.png", "Nord/R2.png", "Sued/R3.png"):
        (tmp_path / "clinic" / "Archiv" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clinic" / "Archiv" / name).write_bytes(b"x")
    (source,) = settings_of("csv", tmp_path).data.sources
    films = [item for item in read_source(source, tmp_path) if isinstance(item, Film)]
    assert [(film.file, film.patient, film.finding, film.view, film.sex, film.age) for film in films] == [
        ("Nord/R1", "K-17", "No Finding", "PA", "F", 58.0),
        ("Nord/R2", "K-17", "COVID-19", "PA", "F", 58.0),
        ("Sued/R3", "K-18", "COVID-19", "AP", "M", None),
    ]
