"""Films and artifacts for the tests: drawn once, made by the real components."""

import logging
import os

# Before anything imports TensorFlow; pytest imports this file first.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_USE_LEGACY_KERAS"] = "0"

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.sample.data_set import draw_data_set

IMAGE_SIZE = 64
PATIENTS = 12

logging.getLogger("absl").setLevel(logging.ERROR)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take longest come first, so that no worker begins one when the others are done."""
    items.sort(key=lambda item: -max((mark.args[0] for mark in item.iter_markers("timeout")), default=0))


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

    import pipeline.beam_runner  # noqa: F401 (with it TFX packs nothing for every component)

    def run(
        executor: type,
        inputs: dict[str, Any],
        outputs: dict[str, type],
        properties: dict[str, Any],
        beam: Sequence[str] = ("--runner=DirectRunner", "--direct_running_mode=in_memory"),
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
            context["beam_pipeline_args"] = list(beam)
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
    export(classifier, Decision(("covid", "healthy"), "covid", 0.5), folder / "7")
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


@pytest.fixture(scope="session")
def make_dicom() -> Callable[..., bytes]:
    """Writes a DICOM film: values in rows and columns, the transfer syntax, and elements by pydicom's keywords.

    An element of None is left out. Without others the film is a posteroanterior digital radiograph of patient ``p1``.
    """
    import io

    import numpy as np
    from PIL import Image
    from pydicom import uid
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate

    def make(stored: np.ndarray, syntax: uid.UID = uid.ExplicitVRLittleEndian, **elements: Any) -> bytes:
        film = Dataset()
        film.file_meta = FileMetaDataset()
        film.file_meta.TransferSyntaxUID = syntax
        bits = 8 * stored.itemsize
        film.update(
            {
                "SOPClassUID": uid.DigitalXRayImageStorageForPresentation,
                "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.1",
                "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.2",
                "Modality": "DX",
                "PatientID": "p1",
                "ViewPosition": "PA",
                "SamplesPerPixel": 1,
                "PhotometricInterpretation": "MONOCHROME2",
                "Rows": stored.shape[0],
                "Columns": stored.shape[1],
                "BitsAllocated": bits,
                "BitsStored": bits,
                "HighBit": elements.get("BitsStored", bits) - 1,
                "PixelRepresentation": int(stored.dtype.kind == "i"),
            }
            | elements
        )
        for keyword in [keyword for keyword, value in elements.items() if value is None]:
            delattr(film, keyword)
        if syntax == uid.JPEGBaseline8Bit:
            stream = io.BytesIO()
            Image.fromarray(stored).save(stream, "JPEG", quality=95)
            film.PixelData = encapsulate([stream.getvalue()])
        elif syntax.is_encapsulated:
            film.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
            film.PixelData = stored.tobytes()
            film.compress(syntax, generate_instance_uid=False)
        else:
            film.PixelData = stored.astype(stored.dtype.newbyteorder("<" if syntax.is_little_endian else ">")).tobytes()
        film["PixelData"].VR = "OW" if bits == 16 else "OB"
        stream = io.BytesIO()
        film.save_as(stream, enforce_file_format=True)
        return stream.getvalue()

    return make
