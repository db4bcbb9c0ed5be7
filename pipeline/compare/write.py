"""``compare.json``, ``compare.md`` and ``compare.html`` under the root of a comparison."""

import shutil
from pathlib import Path
from typing import Final

from components.manifest_gen.manifest import Manifest
from pipeline.compare.conditions import with_conditions
from pipeline.compare.render import html_of, markdown_of
from pipeline.compare.result import ComparisonResult
from pipeline.report.redaction import Redactor
from pipeline.settings import RunSettings

JSON_FILE: Final = "compare.json"
MARKDOWN_FILE: Final = "compare.md"
HTML_FILE: Final = "compare.html"
#: Folder of the last finished comparison's, while there is no new one.
EARLIER: Final = "earlier"


def set_aside(root: Path) -> None:
    """Moves what a comparison before has written into a folder of its own, where it does not look current."""
    for name in (JSON_FILE, MARKDOWN_FILE, HTML_FILE):
        if (root / name).exists():
            (root / EARLIER).mkdir(exist_ok=True)
            (root / name).replace(root / EARLIER / name)


def forget_earlier(root: Path) -> None:
    """Removes what :func:`set_aside` has kept."""
    shutil.rmtree(root / EARLIER, ignore_errors=True)


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
        The result as it was written, with what all networks were told and the path of ``compare.html``.
    """
    result = with_conditions(result, settings, root)
    data = settings.data
    words = {*data.classes, *data.views, *(source.name for source in data.sources), *sum(data.findings.values(), ())}
    redactor = Redactor(manifest.rows, manifest.rejected, root, Path(data.root) if data.root else None, words)
    texts = {field: tuple(map(redactor.text, getattr(result, field))) for field in ("warnings", "notes", "reasons")}
    audit = tuple(map(redactor.model, result.audit))
    conditions = result.conditions and redactor.model(result.conditions)
    cleaned = {**texts, "audit": audit, "conditions": conditions}
    result = result.model_copy(update={**cleaned, "report": str(root / HTML_FILE)})
    _write(root / MARKDOWN_FILE, markdown_of(result))
    _write(root / HTML_FILE, html_of(result))
    _write(root / JSON_FILE, result.model_dump_json(indent=2) + "\n")
    return result


def _write(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}")
    draft.write_text(text, encoding="utf-8", errors="replace")  # a message may hold bytes that are no UTF-8
    draft.replace(file)
