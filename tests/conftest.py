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
