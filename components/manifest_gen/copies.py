"""Films that are copies of one another, and what ``data.duplicates`` makes of them."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from components.manifest_gen.rows import Film, Rejection
from trainer.features import IMAGE_ID_LENGTH

GROUP_LENGTH: Final = 16


def grouped(films: Sequence[Film]) -> list[Film]:
    """The films, each with the group of its copies."""
    members: dict[str, list[Film]] = defaultdict(list)
    for film in films:
        members[film.sha256].append(film)
    names = {digest: _name(copied) for digest, copied in members.items() if len(copied) > 1}
    return [replace(film, group=names.get(film.sha256, "")) for film in films]


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


def _name(copied: Sequence[Film]) -> str:
    """Of a group: from the bytes of its films, so that neither key nor place has a part in it."""
    digests = "\n".join(sorted(film.sha256 for film in copied))
    return hashlib.sha256(digests.encode()).hexdigest()[:GROUP_LENGTH]
