"""The benchmark of the search for copies, on a few drawn films."""

import importlib.util
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "duplicates.py"


@pytest.fixture(scope="module")
def duplicates() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("duplicates", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPT.parent))
        patch.setitem(sys.modules, "duplicates", module)  # where dataclasses and processes look for it
        spec.loader.exec_module(module)
        yield module


@pytest.fixture(scope="module")
def files(films: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(films.rglob("*.png"))[:4]]


def test_copies_are_counted_by_kind(duplicates: ModuleType, files: list[bytes]) -> None:
    films = duplicates.Films(files)
    row = films.measure("JPEG, quality 30", seed=1)
    assert (row["all_found"], row["all_n"], row["false"], row["promised"]) == (4, 4, 0, True)
    assert row["other_n"] == sum(films.other_half)
    assert films.measure("inverted", seed=1)["all_found"] == 0


def test_a_join_is_false_unless_the_films_are_known_to_be_one_picture(
    duplicates: ModuleType, files: list[bytes]
) -> None:
    stream = io.BytesIO()
    Image.open(io.BytesIO(files[0])).convert("L").save(stream, "JPEG", quality=60)
    unknown = duplicates.Films([*files, stream.getvalue()])
    row, pairs = unknown.among_themselves()
    assert (row["films"], row["copies"], row["false"], row["pairs"]) == (5, 0, 1, 10)
    assert pairs == [(0, 4)]
    names = [digest[:12] for digest, _ in unknown.described]
    known = duplicates.Films([*files, stream.getvalue()], [(names[0], names[4])])
    row, _ = known.among_themselves()
    assert (row["copies"], row["false"], row["pairs"]) == (1, 0, 9)
    assert known.measure("PNG, RGB", seed=1)["false"] == 0


def test_the_page_holds_every_figure(
    duplicates: ModuleType, files: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    films = duplicates.Films(files)
    monkeypatch.setattr(duplicates, "PLANTED", 3)
    alone, _ = films.among_themselves()
    kinds = [films.measure(kind, seed=1) for kind in ("PNG, RGB", "inverted")]
    figures = {
        "about": "2 cores",
        "sets": {"Drawn": {"alone": alone, "kinds": kinds}},
        "scale": [duplicates.measure_scale(12, seed=1)],
    }
    page = "\n".join(duplicates.page(figures))
    assert "| PNG, RGB | 4 / 4 | 51.0 to 100.0 |" in page
    assert "| inverted * | 0 / 4 |" in page
    assert "| 12 | 3 / 3 |" in page


@pytest.mark.parametrize("name", ["cropped by 20 % at one side", "letterboxed", "gamma 0.6 to 1.6", "scaled by 0.15"])
def test_the_same_seed_makes_the_same_copy(duplicates: ModuleType, files: list[bytes], name: str) -> None:
    gray = duplicates.gray_of(files[0])
    one, two = (duplicates.KINDS[name].copy(gray, np.random.default_rng(3)) for _ in range(2))
    assert one == two
    assert duplicates.gray_of(one).ndim == 2


def test_films_are_read_once_and_what_is_none_is_left(
    duplicates: ModuleType, files: list[bytes], tmp_path: Path
) -> None:
    for name, data in (("a.png", files[0]), ("b.PNG", files[0]), ("c.jpg", b"no film"), ("d.txt", b""), ("e.png", b"")):
        (tmp_path / name).write_bytes(data)
    assert duplicates.read_films(tmp_path) == [files[0]]
