"""Folders of films that are never decoded: a few bytes each, in the layouts that users have."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

HEADER = "Patientid,sex,age,finding,view,modality,filename, url,"

WriteCollection = Callable[..., Path]


def _write_films(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"film {folder.name}/{name}".encode())


@pytest.fixture
def write_collection(tmp_path: Path) -> WriteCollection:
    """Writes ``collection/metadata.csv`` and ``collection/images/``; gives the folder of the collection."""

    def write(rows: Sequence[str], films: Sequence[str], header: str = HEADER) -> Path:
        folder = tmp_path / "collection"
        _write_films(folder / "images", films)
        (folder / "metadata.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return folder

    return write


@pytest.fixture
def write_folders(tmp_path: Path) -> WriteCollection:
    """Writes films into ``normal/<sub-folder>/`` and, if there are rows, ``normal/data.csv``; gives ``normal``."""

    def write(films: Sequence[str], rows: Sequence[str] = ()) -> Path:
        folder = tmp_path / "normal"
        _write_films(folder, films)
        if rows:
            (folder / "data.csv").write_text("\r\n".join(rows) + "\r\n", encoding="utf-8", newline="")
        return folder

    return write
