"""The benchmark of decoding, on two films."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from trainer import preprocessing

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "decoding.py"


@pytest.fixture(scope="module")
def decoding() -> ModuleType:
    spec = importlib.util.spec_from_file_location("decoding", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_small_films_stay_as_they_are_and_large_ones_nearly(decoding: ModuleType, tmp_path: Path) -> None:
    before = preprocessing.LEFT_TO_AVERAGE
    full, scaled = decoding.converter(100_000), decoding.converter(before)
    small, large = decoding.draw(300, 0), decoding.draw(920, 1)
    rows = [decoding.measure(name, [film], full, scaled) for name, film in (("small", small), ("large", large))]
    assert rows[0]["difference"] == 0
    assert 0 < rows[1]["difference"] < 1
    assert before == preprocessing.LEFT_TO_AVERAGE
    page = decoding.table(rows, "2 cores")
    assert "| small | 1 | " in page
    assert "| large | 1 | " in page
    assert decoding.measure("none", [], full, scaled) is None

    (tmp_path / "a.jpg").write_bytes(small)
    (tmp_path / "b.JPEG").write_bytes(large)
    assert decoding.large_jpegs(tmp_path, 896, 1792) == [large]
