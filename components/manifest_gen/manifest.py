"""The manifest as two CSV files: one row per film that passes, one rejection per film or row that does not."""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from components.files import MANIFEST_FILE, REJECTED_FILE
from components.manifest_gen.rows import ManifestRow, Rejection
from trainer.errors import RunError


@dataclass(frozen=True)
class Manifest:
    """Every film and every row of the sources, exactly once.

    Attributes:
        rows: Films that passed, those left out by balancing too; by source and path.
        rejected: The others; by source, row and file.
    """

    rows: tuple[ManifestRow, ...]
    rejected: tuple[Rejection, ...]


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
            bytes=int(cells["bytes"]),
            width=int(cells["width"]),
            height=int(cells["height"]),
            format=cells["format"],
            mode=cells["mode"],
            group=cells["group"],
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
