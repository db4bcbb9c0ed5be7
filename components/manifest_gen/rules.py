"""Which class a film belongs to, and whether its view may pass: the same rules for every source and every class.

A view filter on one class only would itself make the view a sign of the class, and the network would learn it.
"""

from dataclasses import replace

from components.manifest_gen.findings import claim_of, class_of
from components.manifest_gen.rows import Film, Rejection, shown
from components.manifest_gen.settings import DataSettings
from components.manifest_gen.views import view_of


def judge(film: Film, data: DataSettings) -> Film | Rejection:
    """The film with its class and the proper names of its finding and view, or a rejection.

    The reasons are ``finding``, ``conflict`` and ``view``. A finding's proper name is the one under which a class
    claims it, so each finding in a manifest, or each part of one that is a list, stands under ``data.findings``.
    """
    claim = claim_of(film.finding, data.findings)
    if claim is None:
        return film.rejected(
            "finding",
            f"finding {shown(film.finding)} belongs to no class; drop the row or add it under data.findings",
        )
    if film.stated and class_of(film.stated, data.findings) != claim.label:
        return film.rejected(
            "conflict",
            f"the folder says {shown(film.finding)}, the metadata {shown(film.stated)}, which is not of class "
            f"'{claim.label}'; move the film or correct the row",
        )
    view = view_of(film.view)
    if not film.view.strip():
        return film.rejected(
            "view", "no view is given; add it to the metadata, or to the source as its settings allow (docs/sources.md)"
        )
    if view not in data.views:
        return film.rejected(
            "view",
            f"view {shown(film.view)} is not one of {', '.join(data.views)}; drop the row or add it under data.views",
        )
    return replace(film, label=claim.label, finding=claim.finding, view=view)
