"""Which class claims a finding, however a collection spells it: as a word, a path or a list."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Claim(NamedTuple):
    """Which class claims a finding, and under which name."""

    label: str
    finding: str


def class_of(finding: str, findings: Mapping[str, Sequence[str]]) -> str | None:
    """The class that claims a finding, or None."""
    claim = claim_of(finding, findings)
    return claim and claim.label


def claim_of(finding: str, findings: Mapping[str, Sequence[str]]) -> Claim | None:
    """The class that claims a finding and the settings' name for it, or None. Case and blanks do not count.

    - A class that claims the whole text has it, whatever it looks like.
    - A path (``Pneumonia/Viral/COVID-19``) belongs to the class that claims its last part, else the part before it
      (``Pneumonia/Viral``, or ``Viral``), and so on up: the nearest claim counts.
    - A list as NIH writes it (``Infiltration|Pneumonia``) belongs to a class that claims each finding in it.
    - A list with commas (``COVID-19, ARDS``) is of no class that does not claim the whole: a film of two diseases is
      not silently a film of one.
    """
    claims = {finding_key(claimed): Claim(name, claimed) for name, several in findings.items() for claimed in several}
    if whole := claims.get(finding_key(finding)):
        return whole
    parts = [_nearest(part, claims) for part in finding.split("|")]
    known = [part for part in parts if part]
    if len(known) < len(parts) or len({part.label for part in known}) > 1:
        return None
    return Claim(known[0].label, "|".join(part.finding for part in known))


def finding_key(finding: str) -> str:
    """What two spellings of one finding have in common: case and blanks do not count."""
    return "/".join(" ".join(step.split()) for step in finding.casefold().split("/"))


def _nearest(finding: str, claims: Mapping[str, Claim]) -> Claim | None:
    if "," in finding or ";" in finding:
        return claims.get(finding_key(finding))
    steps = finding.split("/")
    for end in range(len(steps), 0, -1):
        if claim := claims.get(finding_key("/".join(steps[:end]))) or claims.get(finding_key(steps[end - 1])):
            return claim
    return None
