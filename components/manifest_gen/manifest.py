"""The manifest: one row per film that passes, one rejection per film or row that does not, as two CSV files."""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from pathlib import Path

from components.files import MANIFEST_FILE, REJECTED_FILE
from components.manifest_gen.balance import undersample
from components.manifest_gen.pseudonym import pseudonym
from components.manifest_gen.rows import Film, ManifestRow, Rejection, shown
from components.manifest_gen.rules import judge
from components.manifest_gen.settings import DataSettings, SplitSettings
from components.manifest_gen.sources.registry import read_source
from components.manifest_gen.split import assign_splits
from trainer.errors import RunError
from trainer.features import IMAGE_ID_LENGTH, UNUSED


@dataclass(frozen=True)
class Manifest:
    """Every film and every row of the sources, exactly once.

    Attributes:
        rows: Films that passed, those left out by balancing too; by source and path.
        rejected: The others; by source, row and file.
    """

    rows: tuple[ManifestRow, ...]
    rejected: tuple[Rejection, ...]


def build_manifest(data: DataSettings, split: SplitSettings, key: bytes, root: Path) -> Manifest:
    """Reads the sources, applies the rules, balances, splits. Films are read for their sha256, not decoded.

    A manifest with too few films, or none of some class, is a manifest still: gates refuse, not this.

    Args:
        data: Sources and rules; ``data.root`` is not read here.
        split: Shares of the splits.
        key: For the pseudonyms; has no part in the splits.
        root: Folder that the sources' paths start from.

    Raises:
        SourceError: A source that cannot be read at all.
        UsageError: A key that is too short.
    """
    films: list[Film] = []
    rejected: list[Rejection] = []
    for item in _judged(data, root):
        if isinstance(item, Rejection):
            rejected.append(item)
        else:
            films.append(item)
    used = undersample(films, split, data.seed) if data.balance == "undersample" else films
    precedence = sorted(data.classes, key=lambda name: name != data.positive)
    splits = assign_splits(used, split, data.seed, precedence)
    rows = [
        ManifestRow(
            path=str(film.path),
            sha256=film.sha256,
            image_id=film.sha256[:IMAGE_ID_LENGTH],
            label=film.label,
            finding=film.finding,
            view=film.view,
            patient_id=pseudonym(film.source, film.patient, key),
            source=film.source,
            split=splits.get(film.path, UNUSED),
            age=film.age,
            sex=film.sex,
            row=film.row,
            file=film.file,
        )
        for film in films
    ]
    return Manifest(
        rows=tuple(sorted(rows, key=attrgetter("source", "path"))),
        rejected=tuple(sorted(rejected, key=attrgetter(*_columns(Rejection)))),
    )


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Writes ``manifest.csv`` and ``rejected.csv``; the same manifest gives the same bytes."""
    _write(folder / MANIFEST_FILE, ManifestRow, manifest.rows)
    write_rejected(manifest.rejected, folder)


def write_rejected(rejected: Iterable[Rejection], folder: Path) -> None:
    """Writes ``rejected.csv``, in the order given."""
    _write(folder / REJECTED_FILE, Rejection, rejected)


def read_manifest(folder: Path) -> list[ManifestRow]:
    """The rows of ``manifest.csv``.

    Raises:
        RunError: No such file, or one with other columns.
    """
    return [
        ManifestRow(
            path=cells["path"],
            sha256=cells["sha256"],
            image_id=cells["image_id"],
            label=cells["label"],
            finding=cells["finding"],
            view=cells["view"],
            patient_id=cells["patient_id"],
            source=cells["source"],
            split=cells["split"],
            age=float(cells["age"]) if cells["age"] else None,
            sex=cells["sex"] or None,
            row=int(cells["row"]),
            file=cells["file"],
        )
        for cells in _read(folder / MANIFEST_FILE, ManifestRow)
    ]


def read_rejected(folder: Path) -> list[Rejection]:
    """The rows of ``rejected.csv``.

    Raises:
        RunError: No such file, or one with other columns.
    """
    return [
        Rejection(cells["source"], int(cells["row"]), cells["file"], cells["reason"], cells["detail"])
        for cells in _read(folder / REJECTED_FILE, Rejection)
    ]


def without(rows: Iterable[ManifestRow], rejected: Iterable[Rejection]) -> list[ManifestRow]:
    """The rows whose films no component behind ManifestGen has rejected."""
    lost = {(rejection.source, rejection.file) for rejection in rejected}
    return [row for row in rows if (row.source, row.file) not in lost]


def sha256_of(path: Path) -> str:
    """64 hex digits, read a mebibyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _judged(data: DataSettings, root: Path) -> Iterator[Film | Rejection]:
    seen: dict[Path, Film] = {}
    for source in data.sources:
        for offered in read_source(source, root):
            judged = judge(offered, data) if isinstance(offered, Film) else offered
            if isinstance(judged, Film):
                twin = seen.setdefault(judged.path, judged)
                judged = _fingerprinted(judged) if twin is judged else _second(judged, twin)
            yield judged


def _second(film: Film, first: Film) -> Rejection:
    """Two sources whose folders overlap, or two names that a link makes one."""
    return film.rejected(
        "duplicate_row", f"source '{first.source}' has the same file as {shown(first.file)}; name it in one place only"
    )


def _fingerprinted(film: Film) -> Film | Rejection:
    try:
        return replace(film, sha256=sha256_of(film.path))
    except OSError as error:
        return film.rejected("unreadable", f"{error.strerror}; check the file and its permissions")


def _write(path: Path, kind: type[ManifestRow] | type[Rejection], rows: Iterable[ManifestRow | Rejection]) -> None:
    # Names of files may hold bytes that are no UTF-8. Line ends are CRLF, as RFC 4180 has them: with a bare LF the
    # csv module would not put quotes around a cell that holds a CR.
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        columns = _columns(kind)
        writer.writerow(columns)
        writer.writerows([_cell(getattr(row, column)) for column in columns] for row in rows)


def _read(path: Path, kind: type[ManifestRow] | type[Rejection]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}); let ManifestGen write it again") from error
    columns = _columns(kind)
    if not rows or rows[0] != columns or any(len(row) != len(columns) for row in rows):
        raise RunError(f"{path} has not the columns {', '.join(columns)}; let ManifestGen write it again")
    return [dict(zip(columns, row, strict=True)) for row in rows[1:]]


def _columns(kind: type[ManifestRow] | type[Rejection]) -> list[str]:
    return [field.name for field in fields(kind)]


def _cell(value: str | float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
