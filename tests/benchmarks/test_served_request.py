"""The claim about one request, on a tiny network and the rows of times that are known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import served_network
from benchmarks.claim import Effort
from benchmarks.claims import served_request
from benchmarks.pairs import Pairs


def test_costs_are_those_of_one_request_and_speeds_those_of_films() -> None:
    one = Pairs(ours=(0.8, 0.88, 0.96), peer=(0.8, 0.8, 0.8))
    many = Pairs(ours=(4.0, 4.0, 4.0), peer=(4.0, 3.8, 3.6))
    first, second = served_request.rows("cnn, 16 px", "films", one, many, decoding=0.0042)
    assert first.median == pytest.approx(1.1)
    assert (first.ours, first.peer, first.note[:6]) == ("110.0 ms", "100.0 ms", "4.2 ms")
    assert second.median == pytest.approx(0.95)
    assert (second.ours, second.peer, second.met) == ("8.0 films/s", "8.4 films/s", True)


def test_a_graph_that_answers_otherwise_is_not_timed() -> None:
    served_request.check_equal(np.array([0.5]), np.array([0.500001]))
    with pytest.raises(RuntimeError, match=r"differ from the network's by 0\.01"):
        served_request.check_equal(np.array([0.5]), np.array([0.51]))


def test_real_films_are_those_of_2_to_4_megapixels(tmp_path: Path) -> None:
    for name, size in (("a.jpg", (100, 100)), ("b.JPEG", (2000, 1500)), ("c.jpg", (2500, 2000))):
        Image.new("L", size).save(tmp_path / name, "JPEG")
    _, films = served_network.jpegs(Effort(True, tmp_path, tmp_path), 2)
    assert films == [(tmp_path / "b.JPEG").read_bytes()] * 2
    (tmp_path / "b.JPEG").unlink()
    with pytest.raises(RuntimeError, match="no JPEG of 2 to 4 megapixels"):
        served_network.jpegs(Effort(True, tmp_path, tmp_path), 2)


def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_network, "QUICK", ("cnn", 16))
    monkeypatch.setattr(served_network, "DRAWN_SIDES", (40, 50))
    rows = served_request.measure(Effort(True, None, tmp_path))
    assert [(row.claim, len(row.values), row.goal is not None) for row in rows] == [(9, 3, True)] * 2
    assert all(value > 0 for row in rows for value in row.values)
