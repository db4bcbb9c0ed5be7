"""A row whose cells a comma without quotes has shifted: every way to put them back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

#: Whether a text may stand in a column; true as the second argument if it was joined from several cells.
Check = Callable[[str, bool], bool]

#: Bounds on what one row may cost: joints put back, and ways followed at once.
MOST_JOINED: Final = 24
MOST_WAYS: Final = 64


def alignments(
    cells: Sequence[str], width: int, checks: Mapping[int, Check], delimiter: str
) -> set[tuple[str, ...]] | None:
    """Joins neighbouring cells in every way that makes a row as wide as its header.

    From the last column to the first, the ways to fill the columns behind with the cells behind are kept, as far as
    they differ in columns that have a check: how the cells of the other columns are joined does not matter.

    Args:
        cells: The row's cells as they are, blanks included; at least `width`.
        width: Number of columns.
        checks: Column -> what may stand there, for each column whose text matters.
        delimiter: Put between cells that are joined.

    Returns:
        The stripped texts of the columns in `checks`, in their order, for each way in which all of them may stand
        there; None if there are too many ways to follow.
    """
    surplus = len(cells) - width
    if surplus > MOST_JOINED:
        return None
    # ways[s]: with s cells more than columns from here on
    ways: list[set[tuple[str, ...]]] = [{()}, *(set() for _ in range(surplus))]
    for column in reversed(range(width)):
        before = ways
        ways = []
        for here in range(surplus + 1):
            first = column + surplus - here
            found: set[tuple[str, ...]] = set()
            for joined in range(here + 1):
                rest = before[here - joined]
                if column not in checks:
                    found |= rest
                elif rest:
                    text = delimiter.join(cells[first : first + joined + 1]).strip()
                    if checks[column](text, joined > 0):
                        found |= {(text, *tail) for tail in rest}
            if len(found) > MOST_WAYS:
                return None
            ways.append(found)
    return ways[surplus]
