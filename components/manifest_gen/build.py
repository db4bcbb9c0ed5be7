"""Sources in, manifest out: rules, copies, balance, splits."""

from collections.abc import Iterator
from dataclasses import fields, replace
from operator import attrgetter
from pathlib import Path

from components.manifest_gen.balance import undersample
from components.manifest_gen.contents import Contents, Reader, read_contents
from components.manifest_gen.copies import grouped, without_copies
from components.manifest_gen.manifest import Manifest
from components.manifest_gen.pseudonym import pseudonym
from components.manifest_gen.rows import Film, ManifestRow, Rejection, shown
from components.manifest_gen.rules import judge
from components.manifest_gen.settings import DataSettings, FoldSettings, SplitSettings
from components.manifest_gen.sources.registry import read_source
from components.manifest_gen.split import assign_folds, assign_splits
from components.manifest_gen.units import units_of
from trainer.features import IMAGE_ID_LENGTH, TEST, UNUSED


def build_manifest(
    data: DataSettings,
    split: SplitSettings | FoldSettings | None,
    key: bytes,
    root: Path,
    read: Reader = read_contents,
) -> Manifest:
    """Reads the sources, applies the rules, finds copies, balances, splits.

    The same films, metadata, settings and key give the same manifest; the order of rows and files does not matter.
    A manifest with too few films, or none of some class, is a manifest still: gates refuse, not this.

    Args:
        data: Sources and rules; ``data.root`` is not read here.
        split: Shares of the splits, or number of folds; None for films that are all there to test on, and then nothing
            is balanced.
        key: For the pseudonyms; has no part in the splits.
        root: Folder that the sources' paths start from.
        read: Reads the films' contents; one after the other unless told otherwise.

    Raises:
        SourceError: A source that cannot be read at all.
        UsageError: A key that is too short, or more folds than the films can fill.
    """
    judged = list(_judged(data, root))
    rejected = [item for item in judged if isinstance(item, Rejection)]
    films, unreadable, contents = _opened([item for item in judged if isinstance(item, Film)], read)
    films = grouped(films, contents)
    films, copies = without_copies(films) if data.duplicates == "drop" else (films, [])
    splits = _splits(films, data, split) if split else {film.path: TEST for film in films}
    rows = [_row(film, splits.get(film.path, UNUSED), key) for film in films]
    return Manifest(
        rows=tuple(sorted(rows, key=attrgetter("source", "path"))),
        rejected=tuple(
            sorted([*rejected, *unreadable, *copies], key=attrgetter(*(field.name for field in fields(Rejection))))
        ),
    )


def _judged(data: DataSettings, root: Path) -> Iterator[Film | Rejection]:
    seen: dict[Path, Film] = {}
    for source in data.sources:
        for offered in read_source(source, root):
            judged = judge(offered, data) if isinstance(offered, Film) else offered
            if isinstance(judged, Film) and (first := seen.setdefault(judged.path, judged)) is not judged:
                judged = _second(judged, first)
            yield judged


def _second(film: Film, first: Film) -> Rejection:
    """Two sources whose folders overlap, or two names that a link makes one."""
    return film.rejected(
        "duplicate_row", f"source '{first.source}' has the same file as {shown(first.file)}; name it in one place only"
    )


def _opened(films: list[Film], read: Reader) -> tuple[list[Film], list[Rejection], list[Contents]]:
    """The films that can be read, in the order of their bytes; those that cannot; and what the former hold."""
    films = sorted(films, key=attrgetter("path"))
    found = list(zip(films, read([film.path for film in films]), strict=True))
    unreadable = [
        film.rejected("unreadable", f"{fault}; check the file and its permissions")
        for film, fault in found
        if isinstance(fault, str)
    ]
    opened = [(film, contents) for film, contents in found if isinstance(contents, Contents)]
    opened.sort(key=lambda pair: (pair[1].sha256, pair[0].path))
    return [replace(film, **contents.attributes) for film, contents in opened], unreadable, [held for _, held in opened]


def _splits(films: list[Film], data: DataSettings, split: SplitSettings | FoldSettings) -> dict[Path, str]:
    """The split of every film that balancing leaves, by its path."""
    units = units_of(films, split)
    used = undersample(films, units, data.seed) if data.balance == "undersample" else films
    precedence = sorted(data.classes, key=lambda name: name != data.positive)
    if isinstance(split, FoldSettings):
        return assign_folds(used, units, split, data.seed, precedence)
    return assign_splits(used, units, split, data.seed, precedence)


def _row(film: Film, split: str, key: bytes) -> ManifestRow:
    return ManifestRow(
        path=str(film.path),
        sha256=film.sha256,
        image_id=film.sha256[:IMAGE_ID_LENGTH],
        label=film.label,
        finding=film.finding,
        view=film.view,
        patient_id=pseudonym(film.source, film.patient, key),
        source=film.source,
        split=split,
        age=film.age,
        sex=film.sex,
        bytes=film.bytes,
        width=film.width,
        height=film.height,
        format=film.format,
        mode=film.mode,
        group=film.group,
        row=film.row,
        file=film.file,
    )
