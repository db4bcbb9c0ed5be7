"""Copies the conversion of DICOM films from ``trainer`` into the client, which must not depend on the pipeline.

A film has to become the same grey levels wherever it is asked for, so the client has no conversion of its own: its
``_dicom`` is this copy, word for word but for the names of the modules, and a test fails where the two differ.
After a change in ``trainer/dicom`` or ``trainer/film_size.py``: ``python serving/client/copy_conversion.py``.
"""

from pathlib import Path
from typing import Final

CLIENT: Final = Path(__file__).parent / "src" / "cxr_client"
PROJECT: Final = Path(__file__).parents[2]
_RENAMED: Final = {"trainer.dicom": "cxr_client._dicom", "trainer.film_size": "cxr_client._film_size"}


def copies() -> dict[Path, str]:
    """File of the client -> what it must hold."""
    sources = {CLIENT / "_film_size.py": PROJECT / "trainer" / "film_size.py"}
    sources |= {CLIENT / "_dicom" / file.name: file for file in (PROJECT / "trainer" / "dicom").glob("*.py")}
    return {copy: _copied(source) for copy, source in sources.items()}


def _copied(source: Path) -> str:
    text = source.read_text(encoding="utf-8")
    for name, new in _RENAMED.items():
        text = text.replace(name, new)
    origin = source.relative_to(PROJECT).as_posix()
    return f"# A copy of {origin}, made by serving/client/copy_conversion.py: edit that one.\n{text}"


if __name__ == "__main__":
    for copy, text in copies().items():
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(text, encoding="utf-8")
