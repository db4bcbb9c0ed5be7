from pathlib import Path

import pytest

from components.manifest_gen.folder import list_films
from components.manifest_gen.names import Names
from components.manifest_gen.sources.ieee8023 import Ieee8023Source


def names_of(folder: Path, files: list[str], *patterns: str) -> Names:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    source = Ieee8023Source(kind="ieee8023", name="here", path="here", images=patterns)
    return Names(list_films(source, folder))


@pytest.mark.parametrize(
    "name, keys",
    [
        ("a.png", ["images/a.png"]),
        ("a", ["images/a.png"]),
        ("b.c", ["images/b.c.JPG"]),
        ("d", ["images/d.jpg", "images/d.png"]),
        ("d.jpg", ["images/d.jpg"]),
        ("x/../a.png", ["images/a.png"]),
        ("deep/e.png", ["images/deep/e.png"]),
        ("deep\\e.png", ["images/deep/e.png"]),
        ("images/deep/e.png", ["images/deep/e.png"]),
        ("e.png", ["images/deep/e.png"]),
        ("other/e.png", []),
        ("f.png", ["images/f.png"]),
        ("deep/f.png", ["images/deep/f.png"]),
        ("../a.png", []),
        ("/a.png", []),
        ("", []),
        (".", []),
    ],
)
def test_a_name_is_found_by_its_path_or_by_its_last_parts(tmp_path: Path, name: str, keys: list[str]) -> None:
    files = ["a.png", "b.c.JPG", "d.png", "d.jpg", "deep/e.png", "f.png", "deep/f.png"]
    assert list(names_of(tmp_path, [f"images/{file}" for file in files], "images").find(name)) == keys


def test_a_name_that_fits_films_of_two_folders_fits_both(tmp_path: Path) -> None:
    names = names_of(tmp_path, ["one/a.png", "two/a.png", "two/b.png"], "one", "two")
    assert names.find("a.png") == ("one/a.png", "two/a.png")
    assert names.find("two/a.png") == ("two/a.png",)
    assert names.find("b.png") == ("two/b.png",)


def test_two_names_of_one_film_are_no_two_films(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.png").symlink_to("../b.png")
    (tmp_path / "sub2").mkdir()
    (tmp_path / "sub2" / "a.png").symlink_to("../b.png")
    assert names_of(tmp_path, ["b.png"], ".").find("a.png") == ("sub/a.png",)
