import random
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from components.manifest_gen.contents import contents_of
from components.manifest_gen.copies import grouped, without_copies
from components.manifest_gen.rows import REASONS, Film
from trainer.errors import RunError


def film(name: str, label: str = "covid", group: str = "", side: int = 100) -> Film:
    path = Path("/films", name)
    return Film(
        path,
        2,
        "here",
        name,
        "7",
        "COVID-19",
        "PA",
        label=label,
        sha256=name * 16,
        width=side,
        height=side,
        group=group,
    )


def test_of_copies_the_largest_film_is_kept_and_the_others_name_it() -> None:
    films = [film("a", group="x", side=50), film("b", group="x", side=90), film("c", group="x", side=60), film("d")]
    kept, rejected = without_copies(films)
    assert [one.file for one in kept] == ["b", "d"]
    assert [(one.file, one.reason) for one in rejected] == [("a", "copy"), ("c", "copy")]
    assert all("b" * 16 in one.detail and one.reason in REASONS for one in rejected)


def test_copies_of_two_classes_are_left_out_whole() -> None:
    films = [film("a", group="x"), film("b", "healthy", group="x"), film("c", group="y"), film("d", group="y")]
    kept, rejected = without_copies(films)
    assert [one.file for one in kept] == ["c"]
    assert sorted((one.file, one.reason) for one in rejected) == [
        ("a", "copy_conflict"),
        ("b", "copy_conflict"),
        ("d", "copy"),
    ]
    assert "covid, healthy" in rejected[0].detail


def test_without_copies_nothing_changes() -> None:
    films = [film("a"), film("b")]
    assert without_copies(films) == (films, [])


@pytest.fixture
def scanned(films: Path, tmp_path: Path) -> list[Film]:
    """Six drawn films, the last three of them copies: the bytes of a, b as another JPEG, c cropped and smaller."""
    sources = sorted(films.rglob("*.png"))[:3]
    pictures = [Image.open(path).convert("L") for path in sources]
    (tmp_path / "d.png").write_bytes(sources[0].read_bytes())
    pictures[1].save(tmp_path / "e.jpg", quality=60)
    width, height = pictures[2].size
    crop = pictures[2].crop((width // 10, height // 12, width, height))
    crop.resize((crop.width * 2 // 3, crop.height * 2 // 3)).save(tmp_path / "f.png")
    paths = [*sources, tmp_path / "d.png", tmp_path / "e.jpg", tmp_path / "f.png"]
    return [replace(film(path.name), path=path, **contents_of(path.read_bytes()).attributes) for path in paths]


def groups_of(films: list[Film]) -> dict[Path, str]:
    return {one.path: one.group for one in grouped(films, [contents_of(one.path.read_bytes()) for one in films])}


def test_copies_of_three_kinds_share_a_group_in_any_order(scanned: list[Film]) -> None:
    found = groups_of(scanned)
    names = [found[one.path] for one in scanned]
    assert names[:3] == names[3:]
    assert len(set(names)) == 3
    assert all(len(name) == 16 for name in names)
    random.Random(1).shuffle(scanned)
    assert groups_of(scanned) == found


def test_a_film_that_is_gone_when_it_is_compared_ends_the_run_with_its_name(scanned: list[Film]) -> None:
    contents = [contents_of(one.path.read_bytes()) for one in scanned]
    for one in scanned:
        if one.path.name in ("e.jpg", "f.png"):
            one.path.unlink()
    with pytest.raises(RunError, match=r"film [0-9a-f]{16} of source 'here' has changed while it was read; run again"):
        grouped(scanned, contents)


def test_bytes_that_are_no_film_are_compared_as_bytes() -> None:
    found = grouped([film("a"), film("b"), film("c")], [contents_of(b"x"), contents_of(b"x"), contents_of(b"y")])
    assert found[0].group == found[1].group != found[2].group == ""
