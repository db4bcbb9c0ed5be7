"""Films and artifacts for the tests: drawn once, made by the real components."""

import logging
import os

# Before anything imports TensorFlow; pytest imports this file first.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_USE_LEGACY_KERAS"] = "0"

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.sample.data_set import draw_data_set

IMAGE_SIZE = 64
PATIENTS = 12

logging.getLogger("absl").setLevel(logging.ERROR)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small drawn data set; do not change it, copy it."""
    folder = tmp_path_factory.mktemp("drawn") / "films"
    draw_data_set(folder, patients=PATIENTS, seed=3)
    return folder


@pytest.fixture(scope="session")
def sample_data(films: Path) -> dict[str, Any]:
    """Settings of the ``data`` group that read the drawn films, at a size for tests."""
    import yaml

    from pipeline.settings import PROFILES

    data = yaml.safe_load((PROFILES / "sample.yaml").read_text(encoding="utf-8"))["data"]
    return {**data, "root": str(films), "image_size": IMAGE_SIZE}


@pytest.fixture(scope="session")
def run_executor(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, list[Any]]]:
    """Runs a component's executor as a runner would: artifacts in, artifacts with folders of their own out."""
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor

    def run(
        executor: type, inputs: dict[str, Any], outputs: dict[str, type], properties: dict[str, Any]
    ) -> dict[str, list[Any]]:
        folder = tmp_path_factory.mktemp("executor")
        made = {}
        for key, kind in outputs.items():
            artifact = kind()
            artifact.uri = str(folder / key)
            Path(artifact.uri).mkdir()
            made[key] = [artifact]
        context: dict[str, Any] = {"tmp_dir": str(folder / "tmp"), "unique_id": "1"}
        if issubclass(executor, BaseBeamExecutor):
            context["beam_pipeline_args"] = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]
        executor(executor.Context(**context)).Do({key: [value] for key, value in inputs.items()}, made, properties)
        return made

    return run


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model with one version, 7: an untrained cnn for images of 32 x 32, threshold 0.5."""
    import keras

    from trainer.export import export
    from trainer.model import build_classifier, build_extractor
    from trainer.servable import ModelInfo
    from trainer.settings import TrainerSettings
    from trainer.signatures import Decision

    keras.utils.set_random_seed(1)
    settings = TrainerSettings(backbone="cnn")
    classifier = build_classifier(settings, build_extractor(settings, 32), 2)
    folder = tmp_path_factory.mktemp("serving") / "cxr"
    export(classifier.core, Decision(("covid", "healthy"), "covid", 0.5), folder / "7")
    ModelInfo(
        classes=("covid", "healthy"),
        positive="covid",
        threshold=0.5,
        target_recall=0.95,
        image_size=32,
        backbone="cnn",
        weights="scratch",
        trainable_parameters=classifier.trainable_parameters,
        settings=settings.model_dump(mode="json"),
        training={},
        data_digest="d",
        code_digest="c",
        seed=1,
        metrics={},
        notes=("a note for the reader",),
    ).write(folder / "7")
    return folder
