from pathlib import Path

from components.manifest_gen.copies import without_copies
from components.manifest_gen.rows import REASONS, Film


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
