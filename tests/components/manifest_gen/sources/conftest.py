"""Any source of any kind in a folder of the test."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.registry import Source, read_source

Read = Callable[..., list[Film | Rejection]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes films and tables (name -> text, or bytes) into ``here`` and reads them as a source."""

    def read(settings: Mapping[str, Any], films: list[str], **tables: str | bytes) -> list[Film | Rejection]:
        folder = tmp_path / "here"
        for name in films:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"x")
        for name, text in tables.items():
            (folder / f"{name}.csv").write_bytes(text.encode() if isinstance(text, str) else text)
        source = TypeAdapter(Source).validate_python({"name": "here", "path": "here", **settings})
        return list(read_source(source, tmp_path))

    return read


@pytest.fixture
def reasons(read: Read) -> Callable[..., list[tuple[int, str, str]]]:
    """Row, file and reason of everything that a source yields."""

    def reasons(*args: Any, **keys: Any) -> list[tuple[int, str, str]]:
        items = read(*args, **keys)
        return [(item.row, item.file, item.reason if isinstance(item, Rejection) else "film") for item in items]

    return reasons
