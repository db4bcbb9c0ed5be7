"""What may stand in a column, so that a row with shifted cells is noticed."""

import re
from collections.abc import Callable
from typing import Final

from components.manifest_gen.alignment import Check
from components.manifest_gen.sources.fields import Cell, FieldName, Fields
from components.manifest_gen.views import SPELLINGS

#: What collections write under view, modality and sex, wanted or not. Only rows with other words are looked at twice.
VIEWS: Final = frozenset(SPELLINGS) | {
    "", "l", "ll", "rl", "lateral", "left lateral", "right lateral", "oblique", "frontal", "axial", "coronal",
    "sagittal", "ct", "unknown",
}  # fmt: skip
MODALITIES: Final = frozenset(
    {"", "x ray", "xray", "cxr", "cr", "dx", "dr", "rg", "rf", "ct", "cta", "mr", "mri", "us", "pt", "pet"}
)
SEXES: Final = frozenset({"", "f", "m", "female", "male", "woman", "man", "u", "o", "x", "unknown", "other", "n/a"})

_AGE: Final = re.compile(r"|[<>~]?\d{1,4}(\.\d+)? ?(\+|s|[ymwd]|years?|months?|weeks?|days?)?|unknown", re.I | re.A)
_ENDING: Final = re.compile(r".*\.[a-z][a-z0-9]{1,4}", re.I | re.A | re.S)
_FOLDER: Final = re.compile(r"[\w .()/\\-]*")
_PART_OF_FINDING: Final = re.compile(r"\s*[^\W\d_][^,;\t]{2,}", re.S)
_ANSWERS: Final = frozenset({"yes", "unclear", "unknown"})  # they stand in the columns beside a finding

#: The keys of the films that a row's file may mean.
Find = Callable[[Fields], tuple[str, ...]]


def check_of(name: FieldName, cell: Cell, find: Find) -> Check:
    """Whether a text may stand in a column from which a field is made.

    A comma inside a finding or a film's name is believed if the finding's parts are words and the film exists. No
    other field is ever joined from several cells.
    """
    if not cell.is_one_column or name == "patient":
        return lambda text, joined: not joined
    if name == "finding":
        return lambda text, joined: not joined or all(map(_is_finding, re.split(r"[,;\t]", text)))
    if name == "file":
        return lambda text, joined: (
            not text
            or bool(find(Fields(file=cell.meaning(text))))
            or (not joined and _ENDING.fullmatch(text) is not None)
        )
    return lambda text, joined: not joined and (text.casefold() in cell.words or _may_stand(name, cell.meaning(text)))


def _is_finding(text: str) -> bool:
    return _PART_OF_FINDING.fullmatch(text) is not None and text.strip().casefold() not in _ANSWERS


def _may_stand(name: FieldName, text: str) -> bool:
    if name == "age":
        return _AGE.fullmatch(text) is not None
    if name == "folder":
        return _FOLDER.fullmatch(text) is not None
    known = {"view": VIEWS, "modality": MODALITIES, "sex": SEXES}[name]
    return " ".join(text.replace("-", " ").replace("_", " ").casefold().split()) in known
