"""Age and sex as collections write them."""

import re
from typing import Final

#: Years above this are slips of the pen: NIH ChestX-ray14 holds films of patients "aged" 148 to 414.
OLDEST: Final = 120.0

_AGE: Final = re.compile(r"(\d{1,4}(?:\.\d{1,6})?) ?([ymwd]?)", re.ASCII | re.IGNORECASE)
_PER_YEAR: Final = {"": 1.0, "y": 1.0, "m": 12.0, "w": 365.25 / 7, "d": 365.25}
_SEXES: Final = {"f": "F", "female": "F", "woman": "F", "m": "M", "male": "M", "man": "M"}


def age_of(text: str) -> float | None:
    """Years, to two decimals, of ``36``, ``36.5`` or a DICOM age string (``058Y``, ``018M``, ``006W``, ``010D``).

    None for anything else (``65+``, a blank) and above `OLDEST`: an age may be missing, a wrong one may not be there.
    """
    found = _AGE.fullmatch(text.strip())
    if not found:
        return None
    years = float(found[1]) / _PER_YEAR[found[2].lower()]
    return round(years, 2) if years <= OLDEST else None


def sex_of(text: str) -> str | None:
    """``F`` or ``M`` for the letter or the English word in any case, else None."""
    return _SEXES.get(text.strip().casefold())
