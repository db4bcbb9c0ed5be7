"""A model is read once for all components of a process."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

# Of a slice without films of one side.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:tensorflow_model_analysis.*")


@pytest.fixture
def folder(model: Any, tmp_path: Path) -> Path:
    """A copy of the served model, in a place where none was read from."""
    return Path(shutil.copytree(Path(model.uri, "Format-Serving"), tmp_path / "model" / "Format-Serving"))


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders from which TensorFlow reads a model from here on."""
    import tensorflow as tf

    load, found = tf.saved_model.load, list[str]()

    def counted(path: str, *args: Any, **kwargs: Any) -> Any:
        found.append(path)
        return load(path, *args, **kwargs)

    monkeypatch.setattr(tf.saved_model, "load", counted)
    monkeypatch.setattr(tf.compat.v1.saved_model, "load_v2", counted)
    return found


def test_evaluator_and_score_ask_one_model(
    folder: Path, loads: list[str], ingested: SimpleNamespace, run_executor: Any
) -> None:
    from tfx.components.evaluator.executor import Executor
    from tfx.types.standard_artifacts import Model, ModelBlessing, ModelEvaluation
    from tfx.utils import proto_utils

    from components.score.servable import Servable
    from pipeline.evaluation import eval_config

    exported = Model()
    exported.uri = str(folder.parent)
    run_executor(
        Executor,
        {"examples": ingested.examples, "model": exported},
        {"evaluation": ModelEvaluation, "blessing": ModelBlessing},
        {
            "eval_config": proto_utils.proto_to_json(eval_config(("covid", "healthy"), "covid")),
            "example_splits": '["test"]',
            "module_path": eval_config.__module__,
        },
    )
    assert Servable(folder).ask([])[0].shape == (0, 2)
    assert loads == [str(folder)]


def test_a_model_that_has_changed_in_its_place_is_read_again(folder: Path, loads: list[str]) -> None:
    from components.loaded_model import load_model

    first = load_model(str(folder))
    assert load_model(str(folder)) is first
    (folder / "saved_model.pb").touch()
    assert load_model(str(folder)) is not first
    assert loads == [str(folder)] * 2


def test_the_last_model_replaces_the_one_before(folder: Path, loads: list[str]) -> None:
    from components.loaded_model import load_model

    other = shutil.copytree(folder, folder.with_name("other"))
    for place in (folder, other, other, folder):
        load_model(str(place))
    assert loads == [str(folder), str(other), str(folder)]


def test_no_model(tmp_path: Path) -> None:
    from components.loaded_model import load_model

    with pytest.raises(FileNotFoundError, match=f"no SavedModel in {tmp_path}"):
        load_model(str(tmp_path))
