"""Which class a film belongs to, and whether its view may pass: the same rules for every source and every class.

A view filter on one class only would itself make the view a sign of the class, and the network would learn it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from components.manifest_gen.rows import Film, Rejection, shown
from components.manifest_gen.settings import DataSettings
from components.manifest_gen.views import view_of


def judge(film: Film, data: DataSettings) -> Film | Rejection:
    """The film with its class and its view's proper name, or a rejection: ``finding``, ``conflict`` or ``view``."""
    label = class_of(film.finding, data.findings)
    if label is None:
        return film.rejected(
            "finding",
            f"finding {shown(film.finding)} belongs to no class; drop the row or add it under data.findings",
        )
    if film.stated and class_of(film.stated, data.findings) != label:
        return film.rejected(
            "conflict",
            f"the folder says {shown(film.finding)}, the metadata {shown(film.stated)}, which is not of class "
            f"'{label}'; move the film or correct the row",
        )
    view = view_of(film.view)
    if not film.view.strip():
        return film.rejected("view", "no view is given; add it to the metadata, or 'view' to a source of class folders")
    if view not in data.views:
        return film.rejected(
            "view",
            f"view {shown(film.view)} is not one of {', '.join(data.views)}; drop the row or add it under data.views",
        )
    return replace(film, label=label, view=view)


def class_of(finding: str, findings: Mapping[str, Sequence[str]]) -> str | None:
    """The class that claims a finding, or None.

    The whole finding is compared, without case: ``COVID-19, ARDS`` is not ``COVID-19``. A list as NIH writes it
    (``Infiltration|Pneumonia``) belongs to a class if the class claims the list, or each finding in it.
    """
    classes = {claimed.strip().casefold(): name for name, claims in findings.items() for claimed in claims}
    whole = finding.strip().casefold()
    if whole in classes:
        return classes[whole]
    parts = {classes.get(part.strip()) for part in whole.split("|")}
    return parts.pop() if len(parts) == 1 else None
