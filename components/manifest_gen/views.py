"""View positions as collections spell them."""

from typing import Final, Literal

#: `trainer.features.VIEWS` as a type.
ViewName = Literal["PA", "AP", "AP Supine"]

#: Lower case, single blanks -> the name in `trainer.features.VIEWS`. Standing and sitting films of one projection
#: count as that projection; only a patient who lies down makes a view of its own. Words that leave the projection
#: open ("frontal") are not here.
SPELLINGS: Final = {
    "pa": "PA",
    "pa erect": "PA",
    "pa upright": "PA",
    "posteroanterior": "PA",
    "ap": "AP",
    "ap erect": "AP",
    "ap upright": "AP",
    "ap semi erect": "AP",
    "ap portable": "AP",
    "anteroposterior": "AP",
    "ap supine": "AP Supine",
    "supine ap": "AP Supine",
}


def view_of(text: str) -> str | None:
    """The view's name, or None for a lateral film, a CT plane, a blank and whatever else is no known spelling.

    Case does not count, and ``-``, ``_`` and blanks are the same: ``AP_Supine`` is ``AP Supine``.
    """
    words = text.replace("-", " ").replace("_", " ").casefold().split()
    return SPELLINGS.get(" ".join(words))
