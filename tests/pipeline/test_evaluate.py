"""The settings of an evaluation, and what ends it before TensorFlow is needed."""

from pathlib import Path

import pytest

from pipeline.evaluate import evaluate, settings_for
from trainer.errors import UsageError
from trainer.servable import ModelInfo

CONFIG = """
data:
  sources: [{kind: class_folders, name: ward, path: ward, folders: {a: COVID-19, b: No Finding}}]
  findings: {covid: [COVID-19], healthy: [No Finding]}
  balance: undersample
"""


@pytest.fixture
def info(model_folder: Path) -> ModelInfo:
    return ModelInfo.read(model_folder / "7")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "other.yaml"
    file.write_text(CONFIG)
    return file


def test_the_model_says_what_the_file_leaves_out_and_no_film_is_balanced_away(info: ModelInfo, config: Path) -> None:
    data = settings_for(info, config, ["data.root=/films"]).data
    assert (data.classes, data.positive, data.image_size) == (info.classes, info.positive, 32)
    assert (data.root, data.balance) == ("/films", "none")


def test_the_order_of_the_classes_is_the_models(info: ModelInfo, config: Path) -> None:
    assert settings_for(info, config, ["data.classes=[healthy, covid]"]).data.classes == ("covid", "healthy")


@pytest.mark.parametrize(
    "override, message",
    [
        ("data.image_size=64", "data.image_size is 64, but the model has 32; leave the key out, the model says it"),
        ("data.positive=healthy", "data.positive is healthy, but the model has covid; leave the key out"),
    ],
)
def test_settings_that_contradict_the_model_are_refused(
    override: str, message: str, info: ModelInfo, config: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        settings_for(info, config, [override])


def test_other_classes_are_refused_with_both_lists(info: ModelInfo, config: Path) -> None:
    overrides = ["data.classes=[covid, healthy, other]", "data.findings={other: [Mass]}"]
    with pytest.raises(UsageError, match=r"data\.classes is covid, healthy, other, but the model has covid, healthy;"):
        settings_for(info, config, overrides)


@pytest.mark.parametrize("left", ["serving", "checkpoints"])  # the second also by a run that pushed nothing
def test_the_root_of_a_run_is_refused(
    info: ModelInfo, config: Path, model_folder: Path, tmp_path: Path, left: str
) -> None:
    (tmp_path / left).mkdir()
    with pytest.raises(UsageError, match=f"root {tmp_path} is that of a run; name another folder with --root"):
        evaluate(settings_for(info, config, []), model_folder / "7", tmp_path)


def test_a_manifest_that_is_none_is_refused(info: ModelInfo, config: Path, model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--manifest .* holds no manifest\.csv; give the folder manifest under"):
        evaluate(settings_for(info, config, []), model_folder / "7", tmp_path / "root", manifest=tmp_path)
    assert not (tmp_path / "root").exists()


def test_the_root_of_a_comparison_is_refused(info: ModelInfo, config: Path, model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "compare.json").touch()
    with pytest.raises(UsageError, match=r"that of a comparison; name another folder with --root"):
        evaluate(settings_for(info, config, []), model_folder / "7", tmp_path / "root")
