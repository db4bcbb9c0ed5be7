"""A folder of drawn films against the manifest that was made of it."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.manifest_gen.build import build_manifest
from components.manifest_gen.manifest import Manifest
from components.manifest_gen.rows import Rejection
from components.manifest_gen.settings import DataSettings, SplitSettings
from pipeline.data_folder import Comparison, compare
from trainer.errors import UsageError

KEY = b"a key for tests, long enough"
METADATA = Path("ieee-layout", "metadata.csv")


@pytest.fixture(scope="module")
def original(
    films: Path, sample_data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Manifest]:
    """Drawn films and their manifest; one film has no row, and two rows have no film."""
    folder = Path(shutil.copytree(films, tmp_path_factory.mktemp("original") / "films"))
    first = min((folder / "ieee-layout" / "images").iterdir())
    first.rename(first.with_name("nobody.png"))
    with (folder / METADATA).open("a") as table:
        table.write("7,,,,COVID-19,,L,X-ray,,,lost.png\n")
    return folder, build_manifest(DataSettings.model_validate(sample_data), SplitSettings(), KEY, folder)


@pytest.fixture
def folder(original: tuple[Path, Manifest], tmp_path: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copytree(original[0], tmp_path / "films"))


@pytest.fixture
def saved(original: tuple[Path, Manifest], folder: Path) -> Manifest:
    """The manifest as it would be if it had been made of the copy."""
    rows = (replace(row, path=str(folder / Path(row.path).relative_to(original[0]))) for row in original[1].rows)
    return replace(original[1], rows=tuple(rows))


def names(saved: Manifest, folder: Path) -> list[str]:
    return [str(Path(row.path).relative_to(folder)) for row in saved.rows]


def checked(folder: Path, saved: Manifest) -> Comparison:
    return compare(folder, saved.rows, saved.rejected)


def test_the_manifest_of_the_test_has_rejections_of_every_kind(saved: Manifest) -> None:
    assert sorted(one.reason for one in saved.rejected) == ["no_file", "no_file", "no_row"]


def test_an_untouched_folder_is_intact(folder: Path, saved: Manifest) -> None:
    found = checked(folder, saved)
    assert found == Comparison(len(saved.rows), (), (), (), (), {})
    assert found.intact


def test_every_missing_changed_and_extra_film_is_named_at_once(folder: Path, saved: Manifest) -> None:
    first, second, third, fourth = names(saved, folder)[:4]
    (folder / first).unlink()
    (folder / second).write_bytes(b"other")
    content = bytearray((folder / third).read_bytes())
    content[-20] ^= 1
    (folder / third).write_bytes(content)
    (folder / fourth).unlink()
    for extra in ("class-folders/covid/new.PNG", "class-folders/covid/deeper/new.dcm", "ieee-layout/images/new.jpg"):
        (folder / extra).parent.mkdir(exist_ok=True)
        (folder / extra).write_bytes(b"new")
    found = checked(folder, saved)
    assert found.missing == tuple(sorted((first, fourth)))
    assert found.changed == tuple(sorted((second, third)))
    assert found.extra == (
        "class-folders/covid/deeper/new.dcm",
        "class-folders/covid/new.PNG",
        "ieee-layout/images/new.jpg",
    )
    assert not found.intact


def test_films_that_moved_are_found_below_the_new_folder(folder: Path, saved: Manifest, tmp_path: Path) -> None:
    moved = folder.rename(tmp_path / "elsewhere")
    assert checked(moved, saved).intact
    first = names(saved, folder)[0]
    (moved / first).unlink()
    assert checked(moved, saved).missing == (first,)


def test_a_moved_source_alone_is_found_below_the_folder_around_it(
    folder: Path, saved: Manifest, tmp_path: Path
) -> None:
    """All films of one source lie deeper than the folder that holds the sources."""
    rows = tuple(row for row in saved.rows if row.source == "ieee-layout")
    (tmp_path / "new").mkdir()
    (folder / "ieee-layout").rename(tmp_path / "new" / "ieee-layout")
    shutil.rmtree(folder)
    found = compare(tmp_path / "new", rows, saved.rejected)
    assert (found.films, found.intact) == (len(rows), True)


def test_a_copy_is_compared_with_the_copy_and_not_with_the_original(
    folder: Path, saved: Manifest, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    first = names(saved, folder)[0]
    (copy / first).write_bytes(b"other")
    assert checked(copy, saved).changed == (first,)
    assert checked(folder, saved).intact


def test_numbered_films_of_another_folder_are_no_match(folder: Path, saved: Manifest, tmp_path: Path) -> None:
    """Below one candidate all names fit and no size, below the other some names and their sizes."""
    old = tmp_path / "old" / "a" / "images"
    rows = [replace(saved.rows[0], path=str(old / f"{n}.png"), bytes=4, sha256=saved.rows[0].sha256) for n in range(3)]
    new = tmp_path / "new"
    (new / "images").mkdir(parents=True)
    (new / "a" / "images").mkdir(parents=True)
    for n in range(3):
        (new / "images" / f"{n}.png").write_bytes(b"something else")
    (new / "a" / "images" / "1.png").write_bytes(b"film")
    assert compare(new, rows, []).missing == ("a/images/0.png", "a/images/2.png")


def test_linked_folders_and_loops_of_links_are_walked_once(folder: Path, saved: Manifest, tmp_path: Path) -> None:
    (folder / "ieee-layout").rename(tmp_path / "disk")
    (folder / "ieee-layout").symlink_to(tmp_path / "disk")
    (folder / "class-folders" / "loop").symlink_to(folder)
    assert checked(folder, saved).intact


def test_pictures_in_folders_that_no_source_reads_are_counted_and_no_difference(folder: Path, saved: Manifest) -> None:
    (folder / "ieee-layout" / "masks").mkdir()
    for name in ("a.png", "b.png", "read me.txt"):
        (folder / "ieee-layout" / "masks" / name).write_bytes(b"mask")
    found = checked(folder, saved)
    assert (found.elsewhere, found.intact) == ({"ieee-layout/masks": 2}, True)


def test_a_film_for_a_row_that_had_none_is_extra(folder: Path, saved: Manifest) -> None:
    (folder / "ieee-layout" / "images" / "lost.png").write_bytes(b"found")
    assert checked(folder, saved).extra == ("ieee-layout/images/lost.png",)


def test_a_rejected_name_explains_one_file_only(folder: Path, saved: Manifest) -> None:
    (folder / "class-folders" / "covid" / "nobody.png").write_bytes(b"new")
    assert len(checked(folder, saved).extra) == 1


@pytest.mark.parametrize("spelled", ["a/film.png", "film.png", "film", "a\\film.png", "./film"])
def test_a_rejected_film_is_known_by_any_spelling_of_its_name(spelled: str, folder: Path, saved: Manifest) -> None:
    (folder / "ieee-layout" / "images" / "a").mkdir()
    (folder / "ieee-layout" / "images" / "a" / "film.png").write_bytes(b"film")
    rejected = [*saved.rejected, Rejection("ieee-layout", 3, spelled, "view", "")]
    assert compare(folder, saved.rows, rejected).extra == ()


def test_hidden_files_are_nobodys_business(folder: Path, saved: Manifest) -> None:
    (folder / "ieee-layout" / "images" / ".hidden.png").write_bytes(b"")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x.png").write_bytes(b"")
    assert checked(folder, saved).intact


def test_a_film_in_whose_place_stands_a_folder_is_unreadable(folder: Path, saved: Manifest) -> None:
    first = names(saved, folder)[0]
    (folder / first).unlink()
    (folder / first).mkdir()
    found = checked(folder, saved)
    assert first in (*found.unreadable, *found.changed)


def test_a_folder_without_a_single_film_of_the_manifest_is_wrong_use(saved: Manifest, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=rf"not one of the {len(saved.rows)} films of the manifest lies in .*empty"):
        checked(tmp_path / "empty", saved)


def test_no_folder_is_wrong_use(saved: Manifest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*nowhere; name the one that holds the sources"):
        checked(tmp_path / "nowhere", saved)


def test_a_manifest_without_films_knows_none(folder: Path) -> None:
    found = compare(folder, [], [])
    assert (found.films, found.intact) == (0, True)
    assert sum(found.elsewhere.values()) > 0


def test_progress_is_told_by_film(folder: Path, saved: Manifest) -> None:
    told: list[tuple[str, int, int | None]] = []
    compare(folder, saved.rows, saved.rejected, lambda *now: told.append(now))
    assert told[-1] == ("films", len(saved.rows), len(saved.rows))
