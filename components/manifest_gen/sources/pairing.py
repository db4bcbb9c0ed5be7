"""Which row has which film: nothing is left unsaid, and the order of the rows decides nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import splitext
from types import MappingProxyType
from typing import Final

from components.manifest_gen.demographics import age_of, sex_of
from components.manifest_gen.folder import Listing
from components.manifest_gen.inside import leads_out
from components.manifest_gen.rows import NOT_FETCHED, Film, Rejection, shown
from components.manifest_gen.sources.aligned import Row
from components.manifest_gen.sources.fields import Fields
from components.manifest_gen.sources.plausible import Find

#: ``CR``, ``DX``, ``DR`` and ``RG`` are codes for plain radiographs. A blank says nothing; the view then decides.
RADIOGRAPHS: Final = ("x-ray", "xray", "x ray", "cxr", "cr", "dx", "dr", "rg", "")
#: Names of films that one message has room for.
MOST_NAMED: Final = 3

_EVERY_FILM: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class _Claim:
    row: Row
    keys: tuple[str, ...]

    @property
    def said(self) -> Fields:
        """What the row says, however it calls the film."""
        return replace(self.row.fields, file="", folder="")


def paired(
    source: str,
    listing: Listing,
    rows: Iterable[Row],
    find: Find,
    *,
    partial: bool = False,
    names_patients: bool = True,
    findings: Mapping[str, str] = _EVERY_FILM,
) -> Iterator[Film | Rejection]:
    """Every row, as a film or a rejection, then every file that no row names.

    Of several rows that name one film and say the same, the first has it. If they say different things, none has.

    Args:
        source: Name of the source.
        listing: What lies in its folders.
        rows: The rows of its table.
        find: The keys of the listing that a row's file fits.
        partial: Whether rows without a film are as they should be.
        names_patients: Whether a row must say of which patient it is. If not, and it does not, the film is a patient
            of its own, called by its path.
        findings: Pattern of the settings -> finding of the films that it means. The row's own is then
            `Film.stated`.
    """
    claims = [_Claim(row, find(row.fields)) for row in rows]
    contenders: dict[str, list[_Claim]] = defaultdict(list)
    doubtful: dict[str, int] = {}
    for claim in claims:
        if len(claim.keys) == 1 and not _flaw(claim, names_patients):
            contenders[_target(listing, claim.keys[0])].append(claim)
        for key in claim.keys if len(claim.keys) > 1 else ():
            doubtful.setdefault(key, claim.row.line)
    owners = {target: _owner(several) for target, several in contenders.items()}
    for claim in claims:
        flaw = _flaw(claim, names_patients) or _fault_of_name(claim, partial)
        if not flaw:
            flaw = _fault_beside(claim, *owners[_target(listing, claim.keys[0])])
        film = listing[claim.keys[0]].film if claim.keys else None
        if flaw:
            yield Rejection(source, claim.row.line, claim.row.fields.file, *flaw)
        elif isinstance(film, Rejection):
            yield replace(film, row=claim.row.line, file=claim.row.fields.file)
        elif film:
            yield _film(source, claim, film, findings.get(listing[claim.keys[0]].file.pattern))
    named = {claim.keys[0] for claim in claims if len(claim.keys) == 1}
    for key, listed in listing.items():
        if key in named:
            continue
        if isinstance(listed.film, Rejection):
            yield listed.film
        elif key in doubtful:
            detail = f"the name in line {doubtful[key]} fits this film and others; let it name the folder too"
            yield Rejection(source, 0, key, "ambiguous", detail)
        else:
            yield Rejection(source, 0, key, "no_row", "no row of the metadata names the file; add one or move the file")


def _target(listing: Listing, key: str) -> str:
    """What two names of one film, by a link, have in common."""
    film = listing[key].film
    return str(film) if isinstance(film, Path) else key


def _flaw(claim: _Claim, names_patients: bool) -> tuple[str, str] | None:
    """Reason and detail for which a row is rejected whatever film it names."""
    if claim.row.is_lost:
        return (
            "cells",
            "its cells fit the header in no way or in several; put quotes around the cell that holds a comma",
        )
    if claim.row.fields.modality.casefold() not in RADIOGRAPHS:
        return "modality", f"modality {shown(claim.row.fields.modality)} is not X-ray; drop the row"
    if names_patients and not claim.row.fields.patient:
        return "no_patient", "no patient id, so films of one patient could part; add it or drop the row"
    return None


def _fault_of_name(claim: _Claim, partial: bool) -> tuple[str, str] | None:
    if leads_out(claim.row.fields.file):
        return "outside_folder", "the name leads out of the folder of films; name a film inside it"
    if not claim.keys and partial:
        return NOT_FETCHED, "no such film in the folder, which holds a part of the collection"
    if not claim.keys:
        return "no_file", "no such film in the folder; fetch it or drop the row"
    if len(claim.keys) > 1:
        films = ", ".join(map(shown, claim.keys[:MOST_NAMED])) + (", …" if len(claim.keys) > MOST_NAMED else "")
        return "ambiguous", f"the name fits {len(claim.keys)} films: {films}; let it name the folder too"
    return None


def _owner(contenders: list[_Claim]) -> tuple[_Claim, _Claim | None]:
    """The first of the rows that name a film, and the first that says something else."""
    inline = sorted(contenders, key=lambda claim: claim.row.line)
    return inline[0], next((claim for claim in inline if claim.said != inline[0].said), None)


def _fault_beside(claim: _Claim, first: _Claim, second: _Claim | None) -> tuple[str, str] | None:
    if second:
        other = second if claim.said == first.said else first
        return "duplicate_row", f"line {other.row.line} names the same film and says something else; correct the two"
    if claim is not first:
        return "duplicate_row", f"line {first.row.line} names the same film; keep one of the two rows"
    return None


def _film(source: str, claim: _Claim, path: Path, finding: str | None) -> Film:
    fields = claim.row.fields
    return Film(
        path=path,
        row=claim.row.line,
        source=source,
        file=fields.file,
        patient=fields.patient or splitext(claim.keys[0])[0],
        finding=fields.finding if finding is None else finding,
        view=fields.view,
        age=age_of(fields.age),
        sex=sex_of(fields.sex),
        stated="" if finding is None else fields.finding,
    )
