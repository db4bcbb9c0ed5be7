"""The tables of ``cxr data show`` and ``export``."""

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from components.manifest_gen.rows import REASONS, ManifestRow
from pipeline.manifest_counts import Count
from trainer.features import SPLITS, UNUSED


def films_table(counts: Sequence[Count], rows: Sequence[ManifestRow]) -> Table:
    """Films and, in brackets, patients: a line for each class, view and source, a column for each split."""
    splits = [split for split in (*SPLITS, UNUSED) if split in SPLITS or any(one.split == split for one in counts)]
    table = Table("class", "view", "source", box=SIMPLE, caption="films (patients)", caption_justify="left")
    for name in (*splits, "all"):
        table.add_column(name, justify="right")
    for label, view, source in dict.fromkeys((one.label, one.view, one.source) for one in counts):
        of = [row for row in rows if (row.label, row.view, row.source) == (label, view, source)]
        table.add_row(Text(label), view, source, *_cells(of, splits))
    table.add_section()
    table.add_row("all", "", "", *_cells(rows, splits), style="bold")
    return table


def rejections_table(rejections: Sequence[tuple[str, str, int]]) -> Table:
    """A line for each source and reason, the reason in words."""
    table = Table("rejected from", "reason", "", box=SIMPLE)
    table.add_column("rows", justify="right")
    for source, reason, number in rejections:
        table.add_row(source, reason, Text(REASONS.get(reason, ""), style="dim"), str(number))
    return table


def export_table(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Films: a line for each folder of a split, a column for each class."""
    labels = list(next(iter(counts.values())))
    table = Table("folder", box=SIMPLE)
    for name in (*labels, "all"):
        table.add_column(Text(name), justify="right")
    for folder, films in counts.items():
        table.add_row(folder, *(str(films[label]) for label in labels), str(sum(films.values())))
    return table


def _cells(rows: Sequence[ManifestRow], splits: Sequence[str]) -> list[str]:
    """Films and patients of each split and of all."""
    groups = [*([row for row in rows if row.split == split] for split in splits), rows]
    return [f"{len(group)} ({len({row.patient_id for row in group})})" if group else "" for group in groups]
