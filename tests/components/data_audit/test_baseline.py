"""Which version is the last accepted one."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from components.data_audit.baseline import find_baseline
from trainer.servable import ModelInfo


@pytest.fixture
def serve(tmp_path: Path) -> Any:
    """Puts a version into the model's folder."""

    def put(version: int, data_digest: str, statistics: bytes | None = b"statistics") -> None:
        folder = tmp_path / str(version)
        folder.mkdir()
        ModelInfo(
            classes=("covid", "healthy"), positive="covid", threshold=0.5, target_recall=0.95, image_size=32,
            backbone="cnn", weights="scratch", trainable_parameters=1, settings={}, training={},
            data_digest=data_digest, code_digest="c", seed=1, metrics={},
        ).write(folder)  # fmt: skip
        if statistics is not None:
            (folder / "statistics" / "Split-train").mkdir(parents=True)
            (folder / "statistics" / "Split-train" / "FeatureStats.pb").write_bytes(statistics)

    return put


def test_before_the_first_push_there_is_none(tmp_path: Path) -> None:
    assert find_baseline(tmp_path, "now") is None
    assert find_baseline(tmp_path / "nowhere", "now") is None


def test_it_is_the_newest_version_of_other_films(serve: Any, tmp_path: Path) -> None:
    serve(8, "older")
    serve(9, "old", b"of nine")
    serve(10, "now")
    found = find_baseline(tmp_path, "now")
    assert found is not None
    assert (found.version, found.classes) == ("9", ("covid", "healthy"))
    assert Path(found.file).read_bytes() == b"of nine"
    assert found.digest == hashlib.sha256(b"of nine").hexdigest()


def test_a_push_of_the_same_films_does_not_change_it(serve: Any, tmp_path: Path) -> None:
    assert find_baseline(tmp_path, "now") is None
    serve(10, "now")
    assert find_baseline(tmp_path, "now") is None
    serve(11, "other")
    before = find_baseline(tmp_path, "now")
    serve(12, "now")
    assert find_baseline(tmp_path, "now") == before


def test_versions_that_cannot_be_read_are_passed_over(serve: Any, tmp_path: Path) -> None:
    serve(8, "old")
    serve(9, "old", statistics=None)
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "model.json").write_text("{}")
    (tmp_path / "11").mkdir()
    found = find_baseline(tmp_path, "now")
    assert found is not None
    assert found.version == "8"
