"""A small model, pushed, for what serves it."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

from pathlib import Path

import keras
import pytest

from trainer.export import export
from trainer.model import build_classifier, build_extractor
from trainer.servable import ModelInfo
from trainer.settings import TrainerSettings
from trainer.signatures import Decision


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model with one version, 7: an untrained cnn for images of 32 x 32, threshold 0.5."""
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
    ).write(folder / "7")
    return folder
