"""``compare.json``, ``compare.md`` and ``compare.html`` under the root of a comparison."""

from pathlib import Path
from typing import Final

from components.manifest_gen.manifest import Manifest
from pipeline.compare.render import html_of, markdown_of
from pipeline.compare.result import ComparisonResult
from pipeline.report.redaction import Redactor
from pipeline.settings import RunSettings

JSON_FILE: Final = "compare.json"
MARKDOWN_FILE: Final = "compare.md"
HTML_FILE: Final = "compare.html"


def forget(root: Path) -> None:
    """Removes what a comparison before has written."""
    for name in (JSON_FILE, MARKDOWN_FILE, HTML_FILE):
        (root / name).unlink(missing_ok=True)


def write_comparison(
    result: ComparisonResult, manifest: Manifest, settings: RunSettings, root: Path
) -> ComparisonResult:
    """Writes all three, without names of films and patients, each whole or not at all.

    Args:
        result: Of the comparison.
        manifest: Its films, whose names are taken out of the texts.
        settings: What it was told; ``data.root`` absolute.
        root: Its folder.

    Returns:
        The result as it was written, with the path of ``compare.html``.
    """
    data = settings.data
    words = {*data.classes, *data.views, *(source.name for source in data.sources), *sum(data.findings.values(), ())}
    redactor = Redactor(manifest.rows, manifest.rejected, root, Path(data.root) if data.root else None, words)
    texts = {field: tuple(map(redactor.text, getattr(result, field))) for field in ("warnings", "notes", "reasons")}
    audit = tuple(map(redactor.model, result.audit))
    result = result.model_copy(update={**texts, "audit": audit, "report": str(root / HTML_FILE)})
    _write(root / MARKDOWN_FILE, markdown_of(result))
    _write(root / HTML_FILE, html_of(result))
    _write(root / JSON_FILE, result.model_dump_json(indent=2) + "\n")
    return result


def _write(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}")
    draft.write_text(text, encoding="utf-8", errors="replace")  # a message may hold bytes that are no UTF-8
    draft.replace(file)
