"""docs/client.md and the client's README: what they show runs, and what they list is there."""

import glob
import io
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
from click.testing import CliRunner
from PIL import Image

import cxr_client
from cxr.main import main
from cxr_client._film_size import MAX_PIXELS
from tests.serving.client.conftest import film
from tests.serving.client.stub import StubModel, grpc_server, http_server

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "docs" / "client.md", PROJECT / "serving" / "client" / "README.md"]
PAGE = PAGES[0].read_text(encoding="utf-8")


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two films in folder ``films``, and those that the README names, where the code runs."""
    monkeypatch.chdir(tmp_path)
    Path("films").mkdir()
    paths = ["films/1.png", "films/2.png", "film.png", "IM000001.dcm"]
    for path in paths:
        Image.open(io.BytesIO(film(200))).save(path, "PNG")
    shutil.copy(certifi.where(), "hospital-ca.pem")
    return paths[:2]


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    model = StubModel()
    with grpc_server(model) as grpc, http_server(model) as rest:
        yield {"grpc://localhost:8500": f"grpc://127.0.0.1:{grpc}", "http://localhost:8501": f"http://127.0.0.1:{rest}"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_that_is_shown_runs(page: Path, films: list[str], servers: dict[str, str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 2
    names: dict[str, object] = {"films": films}  # docs/client.md reads as one session; the README's blocks stand alone
    for block in blocks:
        if page.name == "README.md":
            names = {}
        # the stand-in's REST server knows no metadata
        for shown in servers:
            block = block.replace(shown, servers["grpc://localhost:8500"])
        exec(compile(block, str(page), "exec"), names)
    if page.name == "README.md":
        assert Path("film.png.heatmap.png").is_file()


def test_the_commands_that_are_shown_run(films: list[str], servers: dict[str, str]) -> None:
    block = re.search(r"```console\n(.*?)```", PAGE, re.S)
    assert block is not None
    for command in block[1].splitlines():
        assert command.startswith("cxr predict films/*.png --server ")
        words = [servers.get(word, word) for word in shlex.split(command)[1:]]
        arguments = [path for word in words for path in (sorted(glob.glob(word)) if "*" in word else [word])]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
    assert len(list(Path("heat-maps").iterdir())) == 2


def test_the_defaults_that_are_shown_are_the_defaults() -> None:
    shown = re.findall(r"^    \w+=(\w+\(.*\)),$", PAGE, re.M)
    made = [eval(text, vars(cxr_client)) for text in shown]
    assert made == [cxr_client.Limits(), cxr_client.Retries(), cxr_client.Timeout()]


def test_the_largest_film_is_the_largest_film() -> None:
    assert f"{MAX_PIXELS:,} pixels" in PAGE


def test_every_exception_is_listed() -> None:
    errors = {name for name in cxr_client.__all__ if name.endswith(("Error", "Errors"))}
    assert [name for name in errors if f"`{name}`" not in PAGE] == []
