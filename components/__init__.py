"""One folder per own TFX component: pure functions beside a thin executor."""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """The artifact types as ``components.Manifest``; looked up late, because most of this package needs no TFX."""
    if name in ("Manifest", "RejectedFilms", "DataAuditReport", "Predictions", "ShortcutReport", "Trial"):
        return getattr(importlib.import_module("components.artifacts"), name)
    raise AttributeError(f"module 'components' has no attribute '{name}'")
