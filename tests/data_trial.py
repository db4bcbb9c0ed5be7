"""The data audit's measurements on a folder of drawn films, before any record or network."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from components.data_audit.audit import Check
from components.data_audit.pixels import shrink
from components.data_audit.shortcuts import check_shortcuts
from components.manifest_gen.build import build_manifest
from components.manifest_gen.contents import Contents
from pipeline.settings import load_settings

KEY: Final = b"a key for tests, long enough"


def audit_data(folder: Path) -> list[Check]:
    """All checks on shortcuts with ``audit.shortcuts: stop``, by the bounds of the profile ``sample``.

    Images are shrunk from the films instead of from records, which is what takes time.
    """
    settings = load_settings("sample", None, [f"data.root={folder}"])
    rows = build_manifest(settings.data, settings.split, KEY, folder, _read).rows
    images = []
    for row in rows:
        with Image.open(row.path) as film:
            images.append(shrink(np.asarray(film.convert("RGB").convert("L"))))
    return check_shortcuts(rows, np.array(images), settings.data.positive, settings.audit, len(rows))


def stopping(checks: Sequence[Check]) -> set[str]:
    """Names of the checks that stop the run."""
    return {check.name for check in checks if check.verdict == "stop"}


def _read(paths: Sequence[Path]) -> list[Contents | str]:
    """As ``read_contents``, without the fingerprints that find copies, for drawn films are none."""
    found: list[Contents | str] = []
    for path in paths:
        data = path.read_bytes()
        with Image.open(path) as film:
            found.append(
                Contents(hashlib.sha256(data).hexdigest(), len(data), *film.size, str(film.format), str(film.mode))
            )
    return found
