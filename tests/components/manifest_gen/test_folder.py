import os
from pathlib import Path

import pytest

from components.manifest_gen.folder import files_of, list_films
from components.manifest_gen.rows import Rejection
from components.manifest_gen.sources.ieee8023 import Ieee8023Source
from trainer.errors import SourceError


def source(*patterns: str) -> Ieee8023Source:
    return Ieee8023Source(kind="ieee8023", name="here", path="here", images=patterns or (".",))


def reasons(folder: Path, *patterns: str) -> dict[str, str]:
    return {
        name: listed.film.reason if isinstance(listed.film, Rejection) else "film"
        for name, listed in list_films(source(*patterns), folder).items()
    }


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_films_are_found_by_ending_in_folders_below_too(tmp_path: Path) -> None:
    names = ["a.JPG", "a.b.webp-day5.png", "c@2x.jpeg", "with blank.gif", "e.bmp", "deep/er/f.png"]
    put(tmp_path, *names)
    assert reasons(tmp_path) == dict.fromkeys(names, "film")


def test_other_files_are_listed_and_hidden_ones_and_the_metadata_are_not(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "notes.txt", "volume.nii.gz", ".DS_Store", ".git/b.png", "metadata.csv")
    assert reasons(tmp_path) == {
        "a.png": "film",
        "notes.txt": "not_a_film",
        "volume.nii.gz": "not_a_film",
    }


def test_an_empty_film_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert reasons(tmp_path) == {"a.png": "empty_file"}


@pytest.mark.parametrize(
    "patterns, names",
    [
        (["images_*/images"], ["images_1/images/a.png", "images_2/images/b.png"]),
        (["images*"], ["images/c.png", "images_1/images/a.png", "images_1/thumbs/a.png", "images_2/images/b.png"]),
        (["images_?/*/a.png"], ["images_1/images/a.png", "images_1/thumbs/a.png"]),
        (["**/images"], ["images/c.png", "images_1/images/a.png", "images_2/images/b.png"]),
        (["images", "images_[2-9]"], ["images/c.png", "images_2/images/b.png"]),
        (["images_1", "images_1/images"], ["images_1/images/a.png", "images_1/thumbs/a.png"]),
        (["./images//"], ["images/c.png"]),
        (["other/d.png"], ["other/d.png"]),
        (["*/*.png"], ["images/c.png", "other/d.png"]),
    ],
)
def test_patterns_mean_folders_with_all_below_or_films(tmp_path: Path, patterns: list[str], names: list[str]) -> None:
    put(tmp_path, "images/c.png", "images_1/images/a.png", "images_1/thumbs/a.png", "images_2/images/b.png")
    put(tmp_path, "other/d.png", ".images/hidden.png", "images_1/.images/hidden.png")
    assert list(reasons(tmp_path, *patterns)) == names


@pytest.mark.parametrize("pattern", ["gone", "gone*", "images/*/gone", "a.png/x", "images/c.png/*"])
def test_a_pattern_that_means_nothing_is_named(tmp_path: Path, pattern: str) -> None:
    put(tmp_path, "a.png", "images/c.png")
    with pytest.raises(SourceError, match=r"no folder or film .*; check data\.root and the path of source 'here'"):
        reasons(tmp_path, ".", pattern)


def test_links_that_lead_out_are_listed_and_not_followed(tmp_path: Path) -> None:
    home, outside = tmp_path / "images", tmp_path / "images-elsewhere"
    home.mkdir()
    outside.mkdir()
    (outside / "secret.png").write_bytes(b"x")
    (home / "a.png").write_bytes(b"x")
    (home / "file.png").symlink_to(outside / "secret.png")
    (home / "folder").symlink_to(outside)
    (home / "inside.png").symlink_to("a.png")
    (home / "loop.png").symlink_to("loop.png")
    (home / "dangling.png").symlink_to("nothing.png")
    assert reasons(home) == {
        "a.png": "film",
        "dangling.png": "unreadable",
        "file.png": "outside_folder",
        "folder": "outside_folder",
        "inside.png": "film",
        "loop.png": "unreadable",
    }
    assert list_films(source(), home)["inside.png"].film == (home / "a.png").resolve()


def test_a_wildcard_leads_through_no_link(tmp_path: Path) -> None:
    home = tmp_path / "home"
    put(tmp_path, "elsewhere/images/secret.png", "home/one/images/a.png")
    (home / "two").symlink_to(tmp_path / "elsewhere")
    (home / "loop").symlink_to(home)
    assert reasons(home, "*/images") == {"loop": "not_a_film", "one/images/a.png": "film", "two": "outside_folder"}
    assert reasons(home, "**/images") == {"one/images/a.png": "film"}
    assert reasons(home, "*") == {"loop": "not_a_film", "one/images/a.png": "film", "two": "outside_folder"}


def test_a_linked_folder_that_a_pattern_spells_is_followed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    put(tmp_path, "elsewhere/images/a.png")
    (home / "linked").symlink_to(tmp_path / "elsewhere")
    listing = list_films(source("linked/images"), home)
    assert {name: listed.film for name, listed in listing.items()} == {
        "linked/images/a.png": tmp_path.resolve() / "elsewhere/images/a.png"
    }


def test_tables_count_among_the_files_but_not_among_the_films(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "metadata.csv")
    assert [file.name for file in files_of(source(), tmp_path)] == ["a.png", "metadata.csv"]
    assert list(list_films(source(), tmp_path)) == ["a.png"]


def test_a_pipe_with_the_name_of_a_film_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    os.mkfifo(tmp_path / "b.png")
    assert reasons(tmp_path) == {"a.png": "film", "b.png": "not_a_film"}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no folder or film .*gone; check data\.root and the path of source 'here'"):
        reasons(tmp_path / "gone")


def test_a_folder_without_a_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"x")
    with pytest.raises(SourceError, match="holds no film"):
        reasons(tmp_path)
