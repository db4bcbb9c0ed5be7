"""The pushed versions of a model."""

from pathlib import Path

import pytest

from serving.versions import chosen_model, models_in, versions_of
from tests.pushed_versions import push
from trainer.errors import UsageError


def test_versions_are_listed_oldest_first_with_what_they_are(tmp_path: Path) -> None:
    push(tmp_path / "cxr", 10, 9)
    (tmp_path / "cxr" / ".staging-11").mkdir()
    nine, ten = versions_of(tmp_path / "cxr")
    assert (nine.number, ten.number, ten.fault) == (9, 10, "")
    assert ten.info is not None
    assert ten.info.metrics["test"]["recall"].value == 0.9
    assert ten.bytes == sum(file.stat().st_size for file in (tmp_path / "cxr" / "10").rglob("*") if file.is_file())
    assert ten.pushed is not None
    assert abs(ten.pushed.timestamp() - (tmp_path / "cxr" / "10" / "model.json").stat().st_mtime) < 1e-3


@pytest.mark.parametrize(
    "name, fault",
    [
        ("saved_model.pb", "saved_model.pb missing"),
        ("variables/variables.index", "variables/variables.index missing"),
        ("variables/variables.data-00000-of-00001", "variables/variables.data-* missing: 0 there"),
        ("model.json", "model.json missing"),
    ],
)
def test_a_version_that_lacks_something_is_incomplete(tmp_path: Path, name: str, fault: str) -> None:
    (push(tmp_path / "cxr", 1) / "1" / name).unlink()
    (version,) = versions_of(tmp_path / "cxr")
    assert version.fault == fault


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_version_with_an_empty_file_is_incomplete(tmp_path: Path, name: str) -> None:
    (push(tmp_path / "cxr", 1) / "1" / name).write_bytes(b"")
    (version,) = versions_of(tmp_path / "cxr")
    assert version.fault == f"{name} empty"


def test_a_version_that_lacks_a_part_of_its_variables_is_incomplete(tmp_path: Path) -> None:
    variables = push(tmp_path / "cxr", 1) / "1" / "variables"
    (variables / "variables.data-00000-of-00001").rename(variables / "variables.data-00000-of-00002")
    (version,) = versions_of(tmp_path / "cxr")
    assert version.fault == "variables/variables.data-* missing: 1 there"


def test_a_model_json_that_is_not_understood_makes_a_version_incomplete(tmp_path: Path) -> None:
    (push(tmp_path / "cxr", 1) / "1" / "model.json").write_text("{}")
    (version,) = versions_of(tmp_path / "cxr")
    assert "model.json is not understood: classes: Field required" in version.fault
    assert version.info is None


def test_a_serving_folder_and_a_models_folder_are_both_taken(tmp_path: Path) -> None:
    folder = push(tmp_path / "cxr", 1)
    push(tmp_path / "other", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "models.config").touch()
    assert models_in(tmp_path) == {"cxr": folder, "other": tmp_path / "other"}
    assert models_in(folder) == {"cxr": folder}


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no model with a version; give the folder serving of a run"):
        models_in(tmp_path)
    with pytest.raises(UsageError, match=r"cannot be read \(No such file or directory\)"):
        models_in(tmp_path / "nowhere")


def test_the_only_model_needs_no_name_and_of_several_one_is_named() -> None:
    one, two = Path("one"), Path("two")
    assert chosen_model({"one": one}, None) == ("one", one)
    assert chosen_model({"one": one, "two": two}, "two") == ("two", two)
    with pytest.raises(UsageError, match=r"there are several models \(one, two\); name one with --model"):
        chosen_model({"one": one, "two": two}, None)
    with pytest.raises(UsageError, match="model 'three' is not there; there are: one"):
        chosen_model({"one": one}, "three")
