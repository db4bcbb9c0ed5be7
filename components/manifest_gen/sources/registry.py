"""The layouts in which films come, by the ``kind`` that the settings name.

A reader takes one source's settings and its folder and yields every film and every row of it exactly once, as a
`Film` or as a `Rejection`. It raises `SourceError` where nothing can be read at all, opens no film (of DICOM
the headers), and leaves findings and views as the source spells them: what may pass is decided in
`components.manifest_gen.rules` for all.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.base import SourceSettings
from components.manifest_gen.sources.class_folders import ClassFoldersSource, read_class_folders
from components.manifest_gen.sources.csv import CsvSource, read_csv
from components.manifest_gen.sources.dicom import DicomSource, read_dicom
from components.manifest_gen.sources.ieee8023 import Ieee8023Source, read_ieee8023
from components.manifest_gen.sources.kaggle_pneumonia import KagglePneumoniaSource, read_kaggle_pneumonia
from components.manifest_gen.sources.nih import NihSource, read_nih
from trainer.errors import SourceError


class SourceKind(NamedTuple):
    """What there is of one kind: its settings, and the reader that takes them and the source's folder."""

    settings: type[SourceSettings]
    read: Callable[[Any, Path], Iterator[Film | Rejection]]


KINDS: Final[Mapping[str, SourceKind]] = MappingProxyType(
    {
        "class_folders": SourceKind(ClassFoldersSource, read_class_folders),
        "csv": SourceKind(CsvSource, read_csv),
        "dicom": SourceKind(DicomSource, read_dicom),
        "ieee8023": SourceKind(Ieee8023Source, read_ieee8023),
        "kaggle_pneumonia": SourceKind(KagglePneumoniaSource, read_kaggle_pneumonia),
        "nih": SourceKind(NihSource, read_nih),
    }
)

#: One of ``data.sources``. A union cannot be made from a dict where types are checked, so it is spelled out.
Source = Annotated[
    ClassFoldersSource | CsvSource | DicomSource | Ieee8023Source | KagglePneumoniaSource | NihSource,
    Field(discriminator="kind"),
]


def read_source(source: Source, root: Path) -> Iterator[Film | Rejection]:
    """Every film and every row of one source, by the reader of its kind.

    Args:
        source: One of ``data.sources``.
        root: Folder that the source's path starts from.

    Raises:
        SourceError: No such folder, or nothing in it that can be read.
    """
    folder = root / source.path
    if not folder.is_dir():
        raise SourceError(f"there is no folder {folder}; check data.root and the path of source '{source.name}'")
    return KINDS[source.kind].read(source, folder)
