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
    assert (served.version, served.folder, served.digest) == ("8", str(versions / "8"), "content of b")


def test_a_plan_is_no_rival_of_what_it_has_pushed_itself(versions: Path) -> None:
    served = find_served(versions, "b")
    assert served is not None
    assert served.version == "7"


def test_a_half_removed_version_is_not_served(versions: Path) -> None:
    (versions / "8" / "saved_model.pb").unlink()
    (versions / "7" / "model.json").write_text("{}")
    assert find_served(versions, "c") is None
    assert find_served(versions / "nowhere", "c") is None
