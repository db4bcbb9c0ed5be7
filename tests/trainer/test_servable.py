import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.errors import RunError, UsageError
from trainer.servable import ModelInfo, Rate, find_version


@pytest.fixture
def info() -> ModelInfo:
    return ModelInfo(
        classes=("covid", "healthy"),
        positive="covid",
        threshold=0.25,
        target_recall=0.95,
        image_size=224,
        backbone="cnn",
        weights="scratch",
        trainable_parameters=7,
        settings={"epochs": 3},
        training={"best_epoch": 1, "history": [{"loss": 0.5}]},
        data_digest="d",
        code_digest="c",
        seed=1,
        metrics={"eval": {"recall": Rate(value=1.0, low=0.9, high=1.0, n=40, patients=30)}},
        notes=("é",),
    )


def _version(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")
    return folder


def test_model_json_comes_back_as_it_was_written(info, tmp_path):
    info.write(tmp_path)
    assert ModelInfo.read(tmp_path) == info
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]


def test_model_json_is_readable_by_other_programs(info, tmp_path):
    content = json.loads(info.write(tmp_path).read_text("utf-8"))
    assert content["metrics"]["eval"]["recall"] == {"value": 1.0, "low": 0.9, "high": 1.0, "n": 40, "patients": 30}


def test_a_missing_model_json_is_named(tmp_path):
    with pytest.raises(RunError, match=r"model.json is missing"):
        ModelInfo.read(tmp_path)


@pytest.mark.parametrize("content, where", [("{", "the file"), ('{"threshold": "x"}', "classes")])
def test_a_model_json_of_another_kind_names_what_is_wrong(tmp_path, content, where):
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(RunError, match=f"is not understood: {where}"):
        ModelInfo.read(tmp_path)


def test_a_version_is_found_as_itself(tmp_path):
    version = _version(tmp_path / "cxr" / "3")
    assert find_version(version) == version


def test_the_newest_version_counts_by_number_and_other_folders_do_not(tmp_path):
    for name in ("9", "10", "11.partial", ".12", "tmp"):
        _version(tmp_path / name)
    (tmp_path / "13").mkdir()  # half-written: no saved_model.pb
    assert find_version(tmp_path) == tmp_path / "10"


@pytest.mark.parametrize("names, found", [([], "holds nothing"), (["a", "b"], "holds a, b")])
def test_a_folder_without_versions_says_what_it_holds(tmp_path, names, found):
    for name in names:
        (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=found):
        find_version(tmp_path)


def test_no_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"model '.*none' is not a folder"):
        find_version(tmp_path / "none")


def test_the_pure_modules_load_no_tensorflow():
    script = (
        "import sys, trainer.features, trainer.statistics, trainer.servable, trainer.metrics, trainer.errors\n"
        "assert not {'tensorflow', 'keras'} & sys.modules.keys()"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
