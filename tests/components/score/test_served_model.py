"""Which model a candidate would replace."""

import shutil
from pathlib import Path

import pytest

from components.score.served_model import find_served
from trainer.servable import ModelInfo


@pytest.fixture
def versions(model_folder: Path, tmp_path: Path) -> Path:
    """Versions 7 of plan a, 8 of plan b."""
    folder = tmp_path / "cxr"
    for version, plan in (("7", "a"), ("8", "b")):
        shutil.copytree(model_folder / "7", folder / version)
        info = ModelInfo.read(folder / version)
        info.model_copy(update={"plan_digest": plan, "content_digest": f"content of {plan}"}).write(folder / version)
    return folder


def test_the_newest_version_is_what_a_new_plan_would_replace(versions: Path) -> None:
    served = find_served(versions, "c")
    assert served is not None
    assert (served.version, served.folder) == ("8", str(versions / "8"))


@pytest.mark.parametrize("name", ["model.json", "training_films.npz", "variables/variables.index"])
def test_what_changes_in_its_folder_makes_it_another(versions: Path, name: str) -> None:
    before = find_served(versions, "c")
    with (versions / "8" / name).open("ab") as file:
        file.write(b" ")
    assert before != find_served(versions, "c")


def test_a_plan_is_no_rival_of_what_it_has_pushed_itself(versions: Path) -> None:
    served = find_served(versions, "b")
    assert served is not None
    assert served.version == "7"


def test_a_version_that_a_server_cannot_load_is_not_served(versions: Path) -> None:
    (versions / "8" / "saved_model.pb").unlink()
    served = find_served(versions, "c")
    assert served is not None
    assert served.version == "7"
    assert find_served(versions / "nowhere", "c") is None


@pytest.mark.parametrize("content", [None, b"{}", b"\xff"])
def test_a_version_that_is_not_understood_is_served_all_the_same(versions: Path, content: bytes | None) -> None:
    file = versions / "8" / "model.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    served = find_served(versions, "c")
    assert served is not None
    assert served.version == "8"
