"""docs/serving.md: the ways to ask run and agree, and what it says of a version is so."""

import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import tensorflow as tf
from click.testing import CliRunner

from cxr.main import main
from trainer.film_size import MAX_PIXELS
from trainer.warm_up import BATCH_SIZES

from ..serving.server.conftest import Served, film, server  # noqa: F401, the fixtures of the server's tests

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", TEXT, re.S) for line in block.splitlines()]


def test_the_ways_to_ask_give_the_same_score(
    server: Served, film: bytes, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("film.png").write_bytes(film)

    def here(command: str) -> str:
        for shown, real in {
            "localhost:8500": f"127.0.0.1:{server.grpc_port}",
            "localhost:8501": f"127.0.0.1:{server.rest_port}",
            "runs/sample/serving/cxr": str(model_folder),
        }.items():
            command = command.replace(shown, real)
        return command

    scores = []
    for command in COMMANDS:
        if command.startswith("curl"):
            if shutil.which("curl") is None:
                continue
            run = ["bash", "-c", here(command).replace("curl ", "curl --silent --noproxy '*' ", 1)]
            reply = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
            scores.append(reply["predictions"][0]["score"])
        else:
            done = CliRunner().invoke(main, [*shlex.split(here(command))[1:], "--json"])
            assert done.exit_code == 0, done.output
            scores.append(json.loads(done.stdout)["films"][0]["score"])
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(here(example), "example", "exec"), {})
    _, score, threshold = printed.getvalue().split()
    assert len(scores) >= 2
    assert scores == pytest.approx([float(score)] * len(scores), abs=1e-5)
    assert float(threshold) == 0.5


def test_the_table_of_signatures_is_that_of_a_version(model_folder: Path) -> None:
    signatures = tf.saved_model.load(str(model_folder / "7")).signatures
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", TEXT, re.M))
    assert set(rows) == set(signatures)
    named = {name: set(re.findall(r"`(\w+)`", row)) for name, row in rows.items()}
    named["explain"] |= named["serving_default"]
    assert named == {name: set(signature.structured_outputs) for name, signature in signatures.items()}


def test_figures_and_links_are_right() -> None:
    *most, last = BATCH_SIZES
    assert f"at {', '.join(map(str, most))} and {last} films" in TEXT.replace("\n", " ")
    assert f"{MAX_PIXELS:,} pixels" in TEXT
    for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", TEXT):
        assert (PAGE.parent / link).is_file(), link
