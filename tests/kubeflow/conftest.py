"""The sample's pipeline, compiled once."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.manifest_gen.key import KEY_VARIABLE

KEY = "a key for tests, long enough"
IMAGE = "registry.example/cxr:0.1.0"


@pytest.fixture(scope="session")
def compiled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's pipeline for a cluster without GPUs, by a machine that has the key of the pseudonyms."""
    from kubeflow.compiler import compile_pipeline
    from pipeline.settings import load_settings

    file = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        compile_pipeline(load_settings("sample", None, ["data.root=/films"]), file, IMAGE)
    return file


@pytest.fixture(scope="session")
def _read(compiled_file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    spec, platform = yaml.load_all(compiled_file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return spec, platform


@pytest.fixture
def documents(_read: tuple[dict[str, Any], dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both documents of the file: a copy that a test may change."""
    return copy.deepcopy(_read)


@pytest.fixture
def spec(documents: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """The first of them."""
    return documents[0]
