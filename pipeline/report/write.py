"""Writes a run's report and model card, and writes them again."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from pipeline.report.card import model_card
from pipeline.report.collect import collect, with_absolute_root
from pipeline.report.data import ReportData
from pipeline.report.places import places_of, steps_of
from pipeline.report.render import render
from pipeline.result import RunResult
from pipeline.settings import RunSettings
from trainer.errors import UsageError
from trainer.strict import Settings

if TYPE_CHECKING:
    from pipeline.lineage import NodeRun

REPORT_FILE: Final = "report.html"
CARD_FILE: Final = "model_card.md"
#: What a report was written from besides the artifacts, so that it can be written again.
RECORD_FILE: Final = "report.json"


class Record(Settings):
    """What a report is written from besides the artifacts."""

    result: RunResult
    settings: RunSettings
    show_films: bool
    digests: dict[str, str]


def write_report(
    root: Path,
    result: RunResult,
    nodes: Mapping[str, "NodeRun"],
    settings: RunSettings,
    *,
    show_films: bool,
    digests: Mapping[str, str] | None = None,
) -> Path:
    """Writes ``report.html`` and ``model_card.md`` under the root of a run, however it ended.

    The same artifacts give the same bytes. Each file is there whole or not at all.

    Args:
        root: Folder of the run.
        result: How it ended.
        nodes: Its nodes, as ML Metadata has them; those that did not run are absent.
        settings: What it was told.
        show_films: Whether pictures of films, and their image ids, may be in the report.
        digests: Name -> digest of what the result depends on: ``data``, and the code of each node.

    Returns:
        The report's path.
    """
    settings = with_absolute_root(settings)  # the report may be written again from another folder
    record = Record(result=result, settings=settings, show_films=show_films, digests=dict(digests or {}))
    data = collect(
        places_of(nodes),
        result,
        settings,
        root,
        show_films=show_films,
        steps=steps_of(nodes),
        digests=record.digests,
    )
    _write(root / RECORD_FILE, record.model_dump_json(indent=2) + "\n")
    return write_collected(data, root)


def write_collected(data: ReportData, root: Path) -> Path:
    """Writes ``report.html`` and ``model_card.md``; gives the report's path."""
    _write(root / CARD_FILE, model_card(data))
    _write(root / REPORT_FILE, render(data))
    return root / REPORT_FILE


def write_report_again(root: Path) -> Path:
    """Writes the report of the last run under a root again, from its artifacts.

    Raises:
        UsageError: No run has left a report there, or one of another version.
    """
    file, database = root / RECORD_FILE, root / "metadata.sqlite"
    try:
        record = Record.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read ({error.strerror}); name the folder of a run with --run, or run the pipeline first"
        ) from error
    except ValidationError as error:
        raise UsageError(f"{file} is not of this version; run the pipeline again") from error
    from pipeline.lineage import nodes_of_last_run

    nodes = nodes_of_last_run(database) if database.is_file() else {}
    return write_report(
        root, record.result, nodes, record.settings, show_films=record.show_films, digests=record.digests
    )


def _write(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}")
    draft.write_text(text, encoding="utf-8", errors="replace")  # a message may hold bytes that are no UTF-8
    draft.replace(file)
