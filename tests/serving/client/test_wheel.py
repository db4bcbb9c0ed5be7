"""The client as others get it: a wheel, in an environment of its own, without TensorFlow."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.serving.client.conftest import film
from tests.serving.client.stub import StubModel, grpc_server, http_server

PROJECT = Path(__file__).parents[3]
UV = shutil.which("uv") or str(PROJECT / ".uv" / "bin" / "uv")

PROGRAM = """
import asyncio, importlib.util, json, pathlib, sys
import cxr_client
from cxr_client import AsyncCxrClient, CxrClient

films = sorted(pathlib.Path(sys.argv[1]).iterdir())

async def ask(url):
    async with AsyncCxrClient(url) as client:
        return await client.predict(films)

said = []
for url in sys.argv[2:]:
    with CxrClient(url) as client:
        found = client.predict(films, explain=True)
        assert found[0].heatmap.overlay().mode == "RGB"
    assert [prediction.score for prediction in asyncio.run(ask(url))] == [prediction.score for prediction in found]
    said.append([(pathlib.Path(prediction.name).name, prediction.label) for prediction in found])
foreign = ("tensorflow", "tensorflow_serving", "trainer", "serving", "cxr")
print(json.dumps({
    "said": said, "from": cxr_client.__file__, "foreign": [name for name in foreign if importlib.util.find_spec(name)]
}))
"""


@pytest.mark.e2e
def test_a_fresh_environment_without_tensorflow_asks_over_both_protocols(
    tmp_path: Path, make_dicom: Callable[..., bytes]
) -> None:
    def run(*command: str | Path, **environment: str) -> str:
        done = subprocess.run(
            list(map(str, command)),
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    sources = shutil.copytree(PROJECT / "serving" / "client", tmp_path / "client")
    run(UV, "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", tmp_path, sources)
    (wheel,) = tmp_path.glob("cxr_client-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {name.partition("/")[0].partition("-")[0] for name in archive.namelist()} == {"cxr_client"}
        assert "cxr_client/py.typed" in archive.namelist()
    run(UV, "venv", "--python", sys.executable, "fresh")
    run(UV, "pip", "install", "--python", "fresh/bin/python", wheel)

    films = tmp_path / "films"
    films.mkdir()
    (films / "bright.png").write_bytes(film(200))
    (films / "dark.dcm").write_bytes(make_dicom(np.full((80, 80), 90, np.uint8), WindowCenter=128, WindowWidth=256))
    model = StubModel()
    with http_server(model) as rest, grpc_server(model) as grpc:
        urls = (f"http://127.0.0.1:{rest}", f"grpc://127.0.0.1:{grpc}")
        # Warnings are errors there too.
        said = json.loads(run(tmp_path / "fresh/bin/python", "-W", "error", "-c", PROGRAM, films, *urls, PYTHONPATH=""))
    assert said["said"] == [[["bright.png", "covid"], ["dark.dcm", "healthy"]]] * 2
    assert said["from"].startswith(str(tmp_path / "fresh"))
    assert said["foreign"] == []
