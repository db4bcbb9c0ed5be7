"""``cxr fetch``."""

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cxr.main import main

FILES = {"metadata.csv": b"patientid,finding,view,filename\n", "images/1.png": b"film"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """ieee8023's layout with next to nothing in it, as GitHub packs it."""
    file = tmp_path / "master.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        for name, content in FILES.items():
            member = tarfile.TarInfo(f"covid-chestxray-dataset-master/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file


def test_without_a_name_the_collections_are_listed_with_their_licences(cxr: Any) -> None:
    result = cxr("fetch")
    assert result.returncode == 0
    assert {"ieee8023", "figure1", "actualmed", "pneumonia", "nih"} <= set(result.stdout.split())
    assert "Licence: CC BY 4.0 https://creativecommons.org/licenses/by/4.0/" in result.stdout
    assert json.loads(cxr("fetch", "--json").stdout)[0]["name"] == "ieee8023"


def test_it_shows_the_licence_and_brings_the_collection(cxr: Any, archive: Path, tmp_path: Path) -> None:
    result = cxr("fetch", "ieee8023", "--to", "films", "--from", archive)
    assert result.returncode == 0
    assert "Licence: Each image has license specified in the metadata.csv file." in result.stderr
    assert result.stdout.splitlines()[0] == f"films/covid-chestxray-dataset: 2 files fetched from {archive}"
    assert "{kind: ieee8023, name: covid-chestxray, path: covid-chestxray-dataset}" in result.stdout
    assert (tmp_path / "films" / "covid-chestxray-dataset" / "images" / "1.png").read_bytes() == b"film"


def test_a_second_call_verifies_and_a_damaged_file_is_named(cxr: Any, archive: Path, tmp_path: Path) -> None:
    cxr("fetch", "ieee8023", "--from", archive)
    again = cxr("fetch", "ieee8023", "--json")
    assert (again.returncode, json.loads(again.stdout)["state"], again.stderr) == (0, "intact", "")
    (tmp_path / "data" / "covid-chestxray-dataset" / "images" / "1.png").write_bytes(b"other")
    mended = cxr("fetch", "ieee8023", "--from", archive, "--json")
    assert mended.stderr.splitlines()[0] == "damaged: images/1.png"
    assert json.loads(mended.stdout)["damaged"] == ["images/1.png"]


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["fetch", "iee8023"], 2, "cxr: there is no collection 'iee8023'; known are ieee8023, "),
        (["fetch", "nih"], 2, "cxr: collection 'nih' cannot be fetched without a person: from https://nihcc.app.box."),
        (["fetch", "ieee8023", "--from", "nowhere.zip"], 2, "cxr: 'nowhere.zip' is no file, folder or URL to fetch"),
        (["fetch", "ieee8023", "--from", "http://127.0.0.1:9/x.zip"], 1, "cxr: 127.0.0.1 cannot be reached ("),
    ],
)
def test_what_goes_wrong_is_one_line(arguments: list[str], code: int, message: str, cxr: Any) -> None:
    result = cxr(*arguments)
    assert result.returncode == code
    assert result.stderr.splitlines()[-1].startswith(message)
    assert result.stdout == ""


def test_ctrl_c_says_that_the_same_command_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.fetch.bring.bring", interrupt)
    result = CliRunner().invoke(main, ["fetch", "ieee8023", "--to", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("cxr: stopped; what was downloaded is kept, and the same command goes on")


def test_a_terminal_without_a_width_is_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda **_: os.terminal_size((0, 0)))
    assert "ieee8023" in CliRunner().invoke(main, ["fetch"]).stdout
