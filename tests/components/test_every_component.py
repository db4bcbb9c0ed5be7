"""What holds for every component."""

import re
from pathlib import Path

import pytest

COMPONENTS = Path(__file__).parents[2] / "components"
FOLDERS = sorted(path.name for path in COMPONENTS.iterdir() if (path / "executor.py").is_file())


def test_there_are_components() -> None:
    assert "manifest_gen" in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_component_has_a_test_that_runs_its_executor(folder: str) -> None:
    test = Path(__file__).parent / folder / "test_executor.py"
    assert test.is_file(), f"components/{folder} has no tests/components/{folder}/test_executor.py"
    text = test.read_text(encoding="utf-8")
    runs_it = re.search(r"run_executor\(", text) and f"components.{folder}.executor" in text
    assert runs_it, f"{test.name} of {folder} does not run its executor"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_component_says_what_it_is_for(folder: str) -> None:
    text = (COMPONENTS / folder / "component.py").read_text(encoding="utf-8")
    assert text.startswith('"""'), f"components/{folder}/component.py begins without a docstring"


@pytest.mark.parametrize("path", [path for path in COMPONENTS.iterdir() if path.is_dir() and path.name[0] not in "_."])
def test_a_folder_of_components_is_a_component(path: Path) -> None:
    assert (path / "component.py").is_file(), f"{path} has no component.py"
    assert (path / "executor.py").is_file(), f"{path} has no executor.py"
