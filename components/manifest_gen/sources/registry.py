"""The layouts in which films come, by the ``kind`` that the settings name.

A reader takes one source's settings and its folder and yields every film and every row of it exactly once, as a
`Film` or as a `Rejection`. It raises `SourceError` where nothing can be read at all, opens no film, and leaves
findings and views as the source spells them: what may pass is decided in `components.manifest_gen.rules` for all.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.settings import Source
from components.manifest_gen.sources.class_folders import read_class_folders
from components.manifest_gen.sources.ieee8023 import read_ieee8023
from trainer.errors import SourceError

Reader = Callable[[Any, Path], Iterator[Film | Rejection]]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "class_folders": read_class_folders,
        "ieee8023": read_ieee8023,
    }
)


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
    return READERS[source.kind](source, folder)
