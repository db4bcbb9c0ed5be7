"""The manifest that a verb of ``cxr data`` is told of."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.manifest_gen.manifest import Manifest


def manifest_of(root: Path | None, manifest: Path | None) -> "Manifest":
    """The manifest of a run's folder, or the one in a folder.

    Raises:
        UsageError: Both are given, or neither.
    """
    from trainer.errors import UsageError

    if (root is None) == (manifest is None):
        raise UsageError("name a run's folder with --root, or a manifest's with --manifest, one of the two")
    return read_saved(root / "manifest" if root else manifest or Path())


def read_saved(place: Path) -> "Manifest":
    """The manifest in a folder, or beside a ``manifest.csv``.

    Raises:
        UsageError: There is none.
    """
    from components.files import MANIFEST_FILE
    from components.manifest_gen.manifest import Manifest, read_manifest, read_rejected
    from trainer.errors import UsageError

    folder = place.parent if place.name == MANIFEST_FILE else place
    if not (folder / MANIFEST_FILE).is_file():
        raise UsageError(f"there is no {MANIFEST_FILE} in {folder}; name the manifest folder that a run has left")
    return Manifest(tuple(read_manifest(folder)), tuple(read_rejected(folder)))
