"""``cxr sample``."""

from pathlib import Path
from typing import Any


def test_it_draws_both_layouts_and_prints_the_folder(cxr: Any, tmp_path: Path) -> None:
    result = cxr("sample", "films", "--patients", 4)
    assert (result.returncode, result.stdout.strip()) == (0, "films")
    assert sorted(path.name for path in (tmp_path / "films").iterdir()) == ["class-folders", "ieee-layout"]


def test_a_folder_that_holds_something_is_left_alone(cxr: Any, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "mine.txt").write_text("mine")
    result = cxr("sample", "films", "--patients", 4)
    assert result.returncode == 2
    assert result.stderr.strip().startswith("cxr: folder 'films' is not empty")
    assert (tmp_path / "films" / "mine.txt").read_text() == "mine"


def test_too_few_patients_are_wrong_use(cxr: Any) -> None:
    result = cxr("sample", "films", "--patients", 1)
    assert result.returncode == 2
    assert "--patients" in result.stderr
