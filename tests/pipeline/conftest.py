"""Arguments of create_pipeline as a run would give them."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from pipeline.plan import make_plan
from pipeline.settings import load_settings


@pytest.fixture
def pipeline_arguments(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A test may give further settings by indirect parametrization."""
    settings = load_settings("sample", None, ["data.root=/films", *getattr(request, "param", ())])
    plan = make_plan(settings, digest_of_data="0" * 64, key_id="1" * 16)
    return {
        "name": "cxr",
        "root": str(tmp_path / "tfx"),
        **{field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)},
        "schema_file": "/app/schema/schema.pbtxt",
        "checkpoint_dir": "/checkpoints",
        "model_folder": "/serving/cxr",
        "version": 1_700_000_000,
    }
