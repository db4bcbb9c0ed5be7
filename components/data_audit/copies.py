"""Copies of films in the manifest: how many, whether they agree on the class, and whether the settings want any."""

from collections import defaultdict
from collections.abc import Sequence

from components.data_audit.audit import Check
from components.manifest_gen.rows import ManifestRow

_SHOWN = 5


def check_copies(rows: Sequence[ManifestRow], policy: str) -> list[Check]:
    """Two checks: copies at all, which stop a run only if the settings say so, and copies of different classes.

    Args:
        rows: Usable films, unused ones too.
        policy: ``data.duplicates``: ``group``, ``drop`` or ``stop``.
    """
    groups: dict[str, list[ManifestRow]] = defaultdict(list)
    for row in rows:
        if row.group:
            groups[row.group].append(row)
    films = sum(map(len, groups.values()))
    conflicts = sorted(name for name, copied in groups.items() if len({row.label for row in copied}) > 1)
    return [
        Check(
            name="copies",
            verdict="stop" if groups and policy == "stop" else "pass",
            value=len(groups),
            bound=0 if policy == "stop" else None,
            message=f"{len(groups)} films stand there more than once, {films} times in all"
            + (", each in one split only" if groups and policy == "group" else "")
            + _listed(sorted(groups)),
            allowed_by="data.duplicates: group, or drop",
        ),
        Check(
            name="copy_conflict",
            verdict="stop" if conflicts else "pass",
            value=len(conflicts),
            bound=0,
            message=f"{len(conflicts)} films have copies of another class"
            + (_listed(conflicts) + "; at least one of the labels is wrong" if conflicts else ""),
            allowed_by="data.duplicates: drop, which leaves them out",
        ),
    ]


def _listed(groups: Sequence[str]) -> str:
    if not groups:
        return ""
    more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
    return f": group {', '.join(groups[:_SHOWN])}{more} in manifest.csv"
