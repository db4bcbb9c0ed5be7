"""Films that are copies of one another, and what ``data.duplicates`` makes of them."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from components.manifest_gen.contents import Contents, look_at
from components.manifest_gen.duplicates.copies import copies, groups
from components.manifest_gen.rows import Film, Rejection
from trainer.errors import RunError
from trainer.features import IMAGE_ID_LENGTH

GROUP_LENGTH: Final = 16


def grouped(films: Sequence[Film], contents: Sequence[Contents]) -> list[Film]:
    """The films, each with the group of its copies.

    Args:
        films: Their order decides nothing.
        contents: What they hold, in the same order.

    Raises:
        RunError: A film that was there a moment ago cannot be opened again.
    """
    pairs = copies([(one.sha256, one.fingerprint) for one in contents], lambda index: _opened(films[index]))
    members: dict[int, list[Film]] = defaultdict(list)
    numbers = groups(pairs, len(films))
    for film, number in zip(films, numbers, strict=True):
        if number is not None:
            members[number].append(film)
    names = {number: _name(copied) for number, copied in members.items()}
    return [
        film if number is None else replace(film, group=names[number])
        for film, number in zip(films, numbers, strict=True)
    ]


def without_copies(films: Sequence[Film]) -> tuple[list[Film], list[Rejection]]:
    """One film of every group, the one with the most pixels, and the others as rejections.

    A group whose films are of different classes is rejected whole: neither label can be trusted.
    """
    members: dict[str, list[Film]] = defaultdict(list)
    for film in films:
        if film.group:
            members[film.group].append(film)
    rejected: list[Rejection] = []
    for copied in members.values():
        labels = sorted({film.label for film in copied})
        kept = min(copied, key=lambda film: (-film.width * film.height, film.sha256, film.path))
        for film in copied:
            if len(labels) > 1:
                detail = f"copies of one film are of classes {', '.join(labels)}; correct the rows or drop them"
                rejected.append(film.rejected("copy_conflict", detail))
            elif film is not kept:
                name = kept.sha256[:IMAGE_ID_LENGTH]
                detail = f"a copy of film {name} of source '{kept.source}', which is kept; nothing to do"
                rejected.append(film.rejected("copy", detail))
    gone = {(rejection.source, rejection.file) for rejection in rejected}
    return [film for film in films if (film.source, film.file) not in gone], rejected


def _opened(film: Film) -> npt.NDArray[np.uint8]:
    try:
        return look_at(film.path.read_bytes())
    except Exception as error:  # it could be opened before, so it has changed
        raise RunError(
            f"film {film.sha256[:IMAGE_ID_LENGTH]} of source '{film.source}' has changed while it was read; run again"
        ) from error


def _name(copied: Sequence[Film]) -> str:
    """Of a group: from the bytes of its films, so that neither key nor place has a part in it."""
    digests = "\n".join(sorted(film.sha256 for film in copied))
    return hashlib.sha256(digests.encode()).hexdigest()[:GROUP_LENGTH]
