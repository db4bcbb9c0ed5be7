"""Whether a source has accounted for every row of its table and every file of its folders, each exactly once."""

from collections import Counter
from collections.abc import Iterable, Sequence

from components.manifest_gen.folder import Listing
from components.manifest_gen.rows import REASONS, Film, Rejection


def assert_accounted(items: Sequence[Film | Rejection], listing: Listing, lines: Iterable[int]) -> None:
    """Each line comes out once. Each file comes out as a film, alone, or beside the rows that name it."""
    assert Counter(item.row for item in items if item.row) == Counter(lines)
    assert {item.reason for item in items if isinstance(item, Rejection)} <= set(REASONS)
    assert all("\n" not in item.detail for item in items if isinstance(item, Rejection))
    films = Counter(str(item.path) for item in items if isinstance(item, Film))
    alone = Counter(item.file for item in items if isinstance(item, Rejection) and not item.row)
    assert set(films.values()) | set(alone.values()) <= {1}
    assert set(films) <= {str(listed.film) for listed in listing.values()}
    assert set(alone) <= set(listing)
    named = {item.file for item in items if isinstance(item, Rejection) and item.row}
    for key, listed in listing.items():
        if key in alone:
            assert str(listed.film) not in films
        elif str(listed.film) not in films:
            stem = key.rpartition("/")[2].rpartition(".")[0]
            assert any(stem in name for name in named), f"{key} is lost"
