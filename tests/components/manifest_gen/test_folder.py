import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.folder import find, leads_out, list_films
from components.manifest_gen.rows import Rejection
from trainer.errors import SourceError


def reasons(folder: Path, **options: Path) -> dict[str, str]:
    return {
        name: entry.reason if isinstance(entry, Rejection) else "film"
        for name, entry in list_films(folder, "here", **options).items()
    }


def test_films_are_found_by_ending_in_folders_below_too(tmp_path: Path) -> None:
    names = ["a.JPG", "a.b.webp-day5.png", "c@2x.jpeg", "with blank.gif", "e.bmp", "deep/er/f.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert reasons(tmp_path) == dict.fromkeys(names, "film")


def test_other_files_are_listed_and_hidden_ones_and_the_metadata_are_not(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("a.png", "notes.txt", "volume.nii.gz", ".DS_Store", ".git/b.png", "metadata.csv"):
        (tmp_path / name).write_bytes(b"x")
    assert reasons(tmp_path, ignored=tmp_path / "metadata.csv") == {
        "a.png": "film",
        "notes.txt": "not_a_film",
        "volume.nii.gz": "not_a_film",
    }


def test_an_empty_film_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert reasons(tmp_path) == {"a.png": "empty_file"}


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
    assert list_films(home, "here")["inside.png"] == (home / "a.png").resolve()


def test_a_pipe_with_the_name_of_a_film_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    os.mkfifo(tmp_path / "b.png")
    assert reasons(tmp_path) == {"a.png": "film", "b.png": "not_a_film"}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no folder .*gone; check data\.root and the path of source 'here'"):
        list_films(tmp_path / "gone", "here")


def test_a_folder_without_a_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"x")
    with pytest.raises(SourceError, match="holds no film"):
        list_films(tmp_path, "here")


def test_a_name_is_found_as_it_is_or_without_its_ending() -> None:
    listing = {"a.png", "b.c.JPG", "d.png", "d.jpg", "deep/e.png"}
    names = ["a.png", "a", "b.c", "d", "d.jpg", "x/../a.png", "deep/e.png", "e.png", "../a.png", ""]
    assert [find(listing, name) for name in names] == [
        "a.png",
        "a.png",
        "b.c.JPG",
        None,
        "d.jpg",
        "a.png",
        "deep/e.png",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/../../b.png", "/etc/passwd", "//x", "..\\b.png"])
def test_names_that_lead_out_are_recognised(name: str) -> None:
    assert leads_out(name)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["..", ".", "a", ""]), max_size=6).map("/".join))
def test_a_name_leads_out_exactly_if_it_does_so_on_disk(name: str) -> None:
    home = Path("/films/here")
    assert leads_out(name) != Path(os.path.normpath(home / name)).is_relative_to(home)
