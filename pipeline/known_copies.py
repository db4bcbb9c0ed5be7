"""Copies of training films among other films, cropped and toned ones too, while the training films can be read."""

from collections.abc import Sequence
from pathlib import Path

from components.manifest_gen.contents import Contents, look_at, read_contents
from components.manifest_gen.duplicates.copies import copies, groups
from components.manifest_gen.rows import ManifestRow


def known_copies(rows: Sequence[ManifestRow], trained: Sequence[ManifestRow]) -> tuple[set[str], int]:
    """Looks for films of one manifest among those of another, as ManifestGen looks for copies.

    Args:
        rows: Films.
        trained: The films that they may be copies of.

    Returns:
        Image ids of the copies in ``rows``; and how many of ``trained`` are not at their paths any more, or are other
        files now.
    """
    ours, theirs = _readable(rows), _readable(trained)
    films = [*ours, *theirs]
    paths = [Path(row.path) for row, _ in films]
    pairs = copies(
        [(contents.sha256, contents.fingerprint) for _, contents in films],
        lambda index: look_at(paths[index].read_bytes()),
    )
    numbers = groups(pairs, len(films))
    known = {number for number in numbers[len(ours) :] if number is not None}
    found = {row.image_id for (row, _), number in zip(ours, numbers, strict=False) if number in known}
    return found, len(trained) - len(theirs)


def _readable(rows: Sequence[ManifestRow]) -> list[tuple[ManifestRow, Contents]]:
    found = zip(rows, read_contents([Path(row.path) for row in rows]), strict=True)
    return [
        (row, contents) for row, contents in found if isinstance(contents, Contents) and contents.sha256 == row.sha256
    ]
