"""docs/drift.md says what there is, and what it shows runs."""

import re
import shlex
from pathlib import Path

import click
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0.schema_pb2 import Schema

from cxr.main import main
from pipeline.drift import MIN_FILMS
from schema import SAMPLES_FILE
from serving.server.sampler import FILES, INTERVAL, ROWS
from trainer.samples import COLUMNS

from ..serving.server.conftest import Served, draw, server  # noqa: F401, the fixture of the server's tests

TEXT = (Path(__file__).parents[2] / "docs" / "drift.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", TEXT, re.S) for line in block.splitlines()]


def _rows(header: str) -> list[list[str]]:
    (table,) = re.findall(rf"^\| {header} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.M)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_the_options_that_it_is_shown_with(command: str) -> None:
    _, verb, *arguments = shlex.split(command)
    found = main.get_command(click.Context(main), verb)  # type: ignore[attr-defined]
    assert found is not None
    found.make_context(verb, arguments)


def test_every_column_is_described_and_no_other() -> None:
    assert tuple(name for row in _rows("column") for name in re.findall(r"`(\w+)`", row[0])) == COLUMNS


def test_every_feature_is_described_as_the_schema_has_it() -> None:
    schema = text_format.Parse(SAMPLES_FILE.read_text(encoding="utf-8"), Schema())
    described = {name: row for row in _rows("feature") for name in re.findall(r"`(\w+)`", row[0])}
    assert list(described) == [feature.name for feature in schema.feature]
    for feature in schema.feature:
        comparator = feature.drift_comparator
        by_share = comparator.HasField("infinity_norm")
        threshold = (comparator.infinity_norm if by_share else comparator.jensen_shannon_divergence).threshold
        assert described[feature.name][2].startswith("largest difference" if by_share else "Jensen-Shannon")
        assert float(described[feature.name][3]) == threshold


def test_the_numbers_are_those_of_the_code() -> None:
    for part in (f"{MIN_FILMS} films are the least", f"fewer than {MIN_FILMS} films", f"at most {ROWS:,} films"):
        assert part in TEXT
    assert f"a folder {FILES:,} files" in TEXT
    assert f"every {INTERVAL:g} seconds" in TEXT


def test_a_gateway_writes_the_row_that_the_server_keeps(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    (tmp_path / "film.png").write_bytes(draw(9, size=(180, 1400)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "*")
    exec(compile(code.replace("http://localhost:8501", server.url), "example", "exec"), {})
    header, written = (tmp_path / "samples.csv").read_text().splitlines()

    def kept() -> list[str]:
        lines = [line for file in server.samples.glob("[!.]*.csv") for line in file.read_text().splitlines()]
        return [line for line in lines if ",181,1448," in line]

    server.wait_for(lambda: bool(kept()))
    assert header == ",".join(COLUMNS)
    assert kept() == [written]
