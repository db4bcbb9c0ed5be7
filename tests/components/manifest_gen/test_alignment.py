from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.alignment import MOST_JOINED, Check, alignments


def one_letter(text: str, joined: bool) -> bool:
    return len(text) == 1 and not joined


def any_text(text: str, joined: bool) -> bool:
    return True


def test_cells_are_joined_so_that_each_column_holds_what_may_stand_there() -> None:
    checks: dict[int, Check] = {0: one_letter, 1: any_text, 2: one_letter}
    assert alignments(["a", "Hanoi", " Vietnam", "b"], 3, checks, ",") == {("a", "Hanoi, Vietnam", "b")}


def test_ways_that_differ_in_other_columns_only_are_one() -> None:
    assert alignments(["a", "x", "y", "z", "b"], 4, {0: one_letter, 3: one_letter}, ",") == {("a", "b")}


def test_there_may_be_no_way_or_several() -> None:
    assert alignments(["aa", "b", "c"], 2, {0: one_letter}, ",") == set()
    assert alignments(["a", "b", "c"], 2, {0: any_text}, ",") == {("a",), ("a,b",)}


def test_a_row_that_costs_too_much_is_given_up() -> None:
    assert alignments(["a"] * (MOST_JOINED + 3), 2, {}, ",") is None
    assert alignments([f"{n}" for n in range(22)], 7, dict.fromkeys(range(7), any_text), ",") is None


def every_way(cells: list[str], width: int) -> Iterator[list[tuple[str, bool]]]:
    """Each row of texts, and whether they were joined, by trying all ends of the first column."""
    if width == 1:
        yield [(",".join(cells).strip(), len(cells) > 1)]
        return
    for end in range(1, len(cells) - width + 2):
        for rest in every_way(cells[end:], width - 1):
            yield [(",".join(cells[:end]).strip(), end > 1), *rest]


@settings(deadline=None)
@given(
    cells=st.lists(st.sampled_from(["a", "b", "", " c", "dd"]), min_size=1, max_size=7),
    width=st.integers(1, 7),
    checked=st.dictionaries(st.integers(0, 6), st.sampled_from([one_letter, any_text])),
)
def test_the_ways_are_those_that_trying_all_of_them_finds(
    cells: list[str], width: int, checked: dict[int, Check]
) -> None:
    width = min(width, len(cells))
    checks = {column: checked[column] for column in sorted(checked) if column < width}
    tried = {
        tuple(way[column][0] for column in checks)
        for way in every_way(cells, width)
        if all(check(*way[column]) for column, check in checks.items())
    }
    assert alignments(cells, width, checks, ",") == tried
