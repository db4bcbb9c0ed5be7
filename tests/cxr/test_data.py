"""``cxr data``."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from components.manifest_gen.build import build_manifest
from components.manifest_gen.manifest import Manifest, write_manifest
from components.manifest_gen.settings import DataSettings, SplitSettings


@pytest.fixture(scope="module")
def manifest(films: Path, sample_data: dict[str, Any]) -> Manifest:
    """Of the drawn films, without those of one view."""
    data = DataSettings.model_validate({**sample_data, "views": ["PA"]})
    return build_manifest(data, SplitSettings(), b"a key for tests, long enough", films)


@pytest.fixture
def root(films: Path, manifest: Manifest, tmp_path: Path) -> Path:
    """What a run leaves behind, as far as it matters here: films that may be changed, and their manifest."""
    folder = Path(shutil.copytree(films, tmp_path / "run" / "films"))
    rows = (replace(row, path=str(folder / Path(row.path).relative_to(films.resolve()))) for row in manifest.rows)
    (tmp_path / "run" / "manifest").mkdir()
    write_manifest(replace(manifest, rows=tuple(rows)), tmp_path / "run" / "manifest")
    return tmp_path / "run"


def test_an_intact_folder_ends_with_0(cxr: Any, root: Path) -> None:
    result = cxr("data", "check", root / "films", "--manifest", root / "manifest")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith(" films in the manifest: all intact, none extra\n")


def test_what_differs_is_named_and_ends_with_1(cxr: Any, root: Path) -> None:
    (root / "films" / "ieee-layout" / "images" / "new.png").write_bytes(b"new")
    manifest = root / "manifest" / "manifest.csv"
    result = cxr("data", "check", root / "films", "--manifest", manifest)
    assert result.returncode == 1
    assert result.stdout.splitlines()[0] == "extra      ieee-layout/images/new.png"
    assert result.stdout.endswith(": 1 extra\n")
    found = json.loads(cxr("data", "check", root / "films", "--manifest", manifest, "--json").stdout)
    assert (found["intact"], found["extra"], found["missing"]) == (False, ["ieee-layout/images/new.png"], [])


def test_without_a_manifest_it_is_wrong_use(cxr: Any, root: Path, tmp_path: Path) -> None:
    result = cxr("data", "check", root / "films", "--manifest", tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"cxr: there is no manifest.csv in {tmp_path}; name the manifest folder")


def test_films_patients_and_rejections_are_shown(cxr: Any, root: Path) -> None:
    result = cxr("data", "show", "--root", root)
    assert result.returncode == 0
    for word in ("covid", "healthy", "PA", "ieee-layout", "class-folders", "train", "eval", "test", "films (patients)"):
        assert word in result.stdout
    assert "a view outside data.views, or none" in result.stdout


def test_the_object_holds_the_counts(cxr: Any, root: Path) -> None:
    found = json.loads(cxr("data", "show", "--manifest", root / "manifest", "--json").stdout)
    assert found["films"] == sum(count["films"] for count in found["counts"])
    assert {count["view"] for count in found["counts"]} == {"PA"}
    assert {one["reason"] for one in found["rejected"]} == {"view"}
    assert 0 < found["patients"] <= found["films"]


def test_a_contact_sheet_is_drawn(cxr: Any, root: Path, tmp_path: Path) -> None:
    result = cxr("data", "show", "--root", root, "--sheet", "sheet.png", "--films", 2)
    assert result.stdout.endswith("contact sheet  sheet.png\n")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert (sheet.mode, sheet.info) == ("L", {})


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "cxr: name a run's folder with --root, or a manifest's with --manifest, one of the two"),
        (["--root", "run", "--sheet", "sheet.jpg"], "cxr: the sheet is called sheet.jpg; it is a PNG file"),
        (["--root", "run", "--sheet", "nowhere/sheet.png"], "cxr: nowhere/sheet.png cannot be written (No such file"),
        (["--root", "nowhere"], "cxr: there is no manifest.csv in nowhere/manifest; name"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], message: str, cxr: Any, root: Path) -> None:
    result = cxr("data", "show", *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_films_are_exported_once(cxr: Any, root: Path, tmp_path: Path) -> None:
    result = cxr("data", "export", "folders", "--root", root)
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("covid", "healthy", "train", "validation", "test"):
        assert word in result.stdout
    assert result.stdout.endswith("exported to folders: as sensitive as the sources of the films\n")
    assert {path.name for path in (tmp_path / "folders" / "validation").iterdir()} == {"covid", "healthy"}
    again = cxr("data", "export", "folders", "--root", root)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == "cxr: folder 'folders' is not empty; films are exported into a new one: name another\n"
    found = json.loads(cxr("data", "export", "more", "--manifest", root / "manifest", "--json").stdout)
    exported = [path for path in (tmp_path / "more").rglob("*") if path.is_file()]
    assert sum(sum(of.values()) for of in found["films"].values()) == len(exported)


@pytest.mark.parametrize("verb", ["check", "export", "show"])
def test_each_has_an_example_in_its_help(verb: str, cxr: Any) -> None:
    assert f"  cxr data {verb}" in cxr("data", verb, "--help").stdout.partition("Examples:")[2]
