"""The sampler: what it keeps, what it does not, and that nothing that befalls it befalls a request."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.server import sampler
from serving.server.sampler import Sampler
from serving.server.tensors import bytes_array
from trainer.errors import UsageError
from trainer.samples import COLUMNS, MEASURES, of_answer, of_film

from .conftest import Served, as_base64, draw

Rows = list[dict[str, str]]
SIDES = "|".join(f"{2 ** (step / 2):.0f}" for step in range(30))
TWENTIETHS = "|".join(f"{step / 20:g}" for step in range(21))
ALLOWED = {
    "hour": r"\d{4}-\d\d-\d\dT\d\d",
    "model": "cxr",
    "version": "7",
    "format": "JPEG|PNG|GIF|BMP",
    "width": SIDES,
    "height": SIDES,
    **dict.fromkeys(("brightness", "dark_rim", "score"), TWENTIETHS),
    "contrast": "|".join(f"{step / 40:g}" for step in range(21)),
    "label": "covid|healthy",
}


def outputs_of(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """What a version says of films; the numbers as long as floats are."""
    numbers = np.random.default_rng(seed)
    return {
        "label": bytes_array([[b"covid", b"healthy"][index % 2] for index in range(count)]),
        "valid": np.ones(count, bool),
        **{name: numbers.random(count, np.float32) for name in ("score", "brightness", "dark_rim")},
        "contrast": numbers.random(count, np.float32) / 2,
    }


def rows_in(folder: Path) -> Rows:
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("[!.]*.csv"))]
    return [row for text in texts for row in csv.DictReader(text.splitlines())]


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., tuple[Rows, list[str]]]:
    """Takes films, each with its outputs, and gives the rows that come of it, and what was said."""

    def run(films: list[bytes], outputs: dict[str, np.ndarray], share: float = 1.0) -> tuple[Rows, list[str]]:
        said: list[str] = []
        one = Sampler(tmp_path / "samples", share, said.append)
        one.start()
        one.take("cxr", 7, {"image_bytes": bytes_array(films)}, outputs)
        one.close()
        return rows_in(tmp_path / "samples"), said

    return run


def test_a_row_holds_buckets_and_nothing_else(keep: Any) -> None:
    """Whatever the film: 60 of all sizes and formats."""
    sizes = np.random.default_rng(1).integers(1, 400, (60, 2))
    films = [
        draw(index, ("PNG", "JPEG", "BMP", "GIF")[index % 4], (int(width), int(height)))
        for index, (width, height) in enumerate(sizes)
    ]
    rows, said = keep(films, outputs_of(60))
    assert (len(rows), said) == (60, [])
    for row in rows:
        assert tuple(row) == COLUMNS
        for column, value in row.items():
            assert re.fullmatch(ALLOWED[column], value), (column, value)
    assert {row["format"] for row in rows} == {"JPEG", "PNG", "GIF", "BMP"}


def test_films_that_are_nearly_alike_cannot_be_told_apart(keep: Any) -> None:
    outputs = {name: np.repeat(values[:1], 2) for name, values in outputs_of(1).items()}
    outputs["brightness"] = np.float32([0.4012, 0.3988])
    rows, _ = keep([draw(1, size=(201, 300)), draw(2, size=(198, 304))], outputs)
    assert rows[0] == rows[1]


def test_the_order_in_which_films_came_is_not_kept(keep: Any) -> None:
    outputs = outputs_of(50)
    rows, _ = keep([draw(0)] * 50, outputs)
    kept = [tuple(row.values()) for row in rows]
    assert kept == sorted(kept)
    assert [row["score"] for row in rows] != [of_answer("covid", score)["score"] for score in outputs["score"]]


def test_of_a_film_that_cannot_be_decoded_only_that_is_kept(keep: Any) -> None:
    (row,), _ = keep([b"a film of Jane Doe"], outputs_of(1) | {"valid": np.zeros(1, bool)})
    assert {column for column, value in row.items() if value} == {"hour", "model", "version", "label"}
    assert row["label"] == "invalid"


def test_the_share_is_of_the_films(keep: Any) -> None:
    """Binomial: 800 of 0.25 are 200, and within 5 standard deviations, 12.2 each, of it but once in two millions."""
    rows, _ = keep([draw(0)] * 800, outputs_of(800), share=0.25)
    assert 200 - 62 < len(rows) < 200 + 62


def test_what_has_no_films_is_passed_over(tmp_path: Path) -> None:
    said: list[str] = []
    one = Sampler(tmp_path, 1.0, said.append)
    one.start()
    one.take("cxr", 7, {"examples": bytes_array([b"record"])}, {"probabilities": np.zeros((1, 2))})
    one.close()
    assert (rows_in(tmp_path), said) == ([], [])


def test_a_version_without_the_numbers_is_told_once(tmp_path: Path) -> None:
    said: list[str] = []
    one = Sampler(tmp_path, 1.0, said.append, interval=0.001)
    one.start()
    old = {name: values for name, values in outputs_of(1).items() if name not in MEASURES}
    for _ in range(5):
        one.take("cxr", 7, {"image_bytes": bytes_array([draw(0)])}, old)
        time.sleep(0.005)
    one.close()
    assert said == ["nothing is kept of cxr: version 7 gives no brightness, contrast, dark_rim"]


def test_whatever_fails_the_request_does_not(keep: Any) -> None:
    rows, said = keep([draw(0)], outputs_of(1) | {"label": np.array([7], object)})
    assert rows == []
    assert said == ["a sample is lost by an unexpected AttributeError: 'int' object has no attribute 'decode'"]


def test_more_than_can_be_written_is_lost_and_told(keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "ROWS", 20)
    rows, said = keep([draw(0)] * 30, outputs_of(30))
    assert (len(rows), said) == (20, ["samples are lost: more than 20 in 10 s"])


def test_the_folder_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "ROWS", 10)
    monkeypatch.setattr(sampler, "FILES", 3)
    one = Sampler(tmp_path, 1.0, print)
    for hour in range(8):
        monkeypatch.setattr(sampler, "_hour", lambda hour=hour: f"2026-11-26T{hour:02}")
        one.take("cxr", 7, {"image_bytes": bytes_array([draw(0)] * 7)}, outputs_of(7))
        one._flush()
    assert {row["hour"] for row in rows_in(tmp_path)} == {f"2026-11-26T0{hour}" for hour in (5, 6, 7)}
    assert len(list(tmp_path.iterdir())) == 3


def test_few_films_share_a_file_over_the_hours(tmp_path: Path) -> None:
    one = Sampler(tmp_path, 1.0, print)
    for _ in range(5):
        one.take("cxr", 7, {"image_bytes": bytes_array([draw(0)])}, outputs_of(1))
        one._flush()
    assert len(list(tmp_path.iterdir())) == 1
    assert len(rows_in(tmp_path)) == 5


def test_what_a_killed_server_has_left_is_removed_and_what_another_writes_is_not(tmp_path: Path) -> None:
    old, new = tmp_path / ".old.csv", tmp_path / ".new.csv"
    old.touch()
    new.touch()
    os.utime(old, (1, 1))
    Sampler(tmp_path, 1.0, print)
    assert list(tmp_path.iterdir()) == [new]


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"samples cannot be written to '.*file/samples' \(Not a directory\); name"):
        Sampler(tmp_path / "file" / "samples", 1.0, print)


CHILD = """
import resource, sys
from pathlib import Path
import numpy as np
from serving.server.sampler import Sampler
inputs = {"image_bytes": np.array([b"\\x89PNG\\r\\n\\x1a\\n" + bytes(40)], object)}
outputs = {"label": np.array([b"covid"], object), "valid": np.array([True])}
outputs |= {name: np.float32([0.5]) for name in ("score", "brightness", "contrast", "dark_rim")}
def take(count):
    for _ in range(count):
        one.take("cxr", 7, inputs, outputs)
said = []
one = Sampler(Path(sys.argv[1]), 1.0, said.append, interval=0.001)
"""


def test_a_kill_leaves_whole_rows(tmp_path: Path) -> None:
    """While a file is written every millisecond; what is lost is what came since."""
    with subprocess.Popen([sys.executable, "-c", f"{CHILD}\none.start()\nwhile True: take(1)", str(tmp_path)]) as child:
        end = time.monotonic() + 30
        while len(list(tmp_path.glob("[!.]*.csv"))) < 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
    rows = rows_in(tmp_path)
    assert len(rows) > sampler.ROWS / 2
    assert {tuple(row.values())[1:] for row in rows} == {
        ("cxr", "7", "PNG", "1", "1", "0.5", "0.5", "0.5", "covid", "0.5")
    }
    assert all(None not in row for row in rows)


def test_a_full_disk_loses_samples_and_no_request_and_what_is_there_stays_whole(tmp_path: Path) -> None:
    """A limit on the size of files in place of the disk's; then there is room again."""
    story = """
take(10); one._flush()
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
for _ in range(3): take(100); one._flush()
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
take(5); one._flush()
print(said)
"""
    done = subprocess.run(
        [sys.executable, "-c", CHILD + story, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    told = f"samples are lost: they cannot be written to {tmp_path} (File too large)"
    assert done.stdout == f"{[told]}\n"
    assert len(rows_in(tmp_path)) == 15
    assert len(list(tmp_path.iterdir())) == 1


def test_a_server_keeps_what_it_has_answered(server: Served) -> None:
    """Over both protocols; the session's server keeps a film for each that it is asked about."""
    film = draw(5, "JPEG", (900, 700))
    rest = server.post({"instances": [as_base64(film)]}).json()["predictions"][0]
    server.predict(film, signature="explain")
    server.wait_for(lambda: sum(row["width"] == "1024" for row in rows_in(server.samples)) == 2)
    first, second = (row for row in rows_in(server.samples) if row["width"] == "1024")
    assert first | {"hour": ""} == second | {"hour": ""}
    assert first == {
        **{column: first[column] for column in ("hour", "model", "version")},
        **of_film("JPEG", 900, 700, rest),
        **of_answer(rest["label"], rest["score"]),
    }
