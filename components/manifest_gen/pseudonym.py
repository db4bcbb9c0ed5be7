"""Names for patients that only the holder of the key can tie to the source's ids."""

import hashlib
import hmac
from typing import Final

from trainer.errors import UsageError

DIGITS: Final = 16  #: hex; among a million patients two share a name with a chance of 1 in 37 million
SHORTEST_KEY: Final = 16  #: bytes; ids are small numbers, so a key that can be guessed gives them all away


def patient_key(source: str, patient: str) -> str:
    """A patient among all sources: the same id in two sources is two people. Names of sources hold no slash."""
    return f"{source}/{patient}"


def check_key(key: bytes) -> None:
    """Refuses a key that can be guessed.

    Raises:
        UsageError: The key has fewer than `SHORTEST_KEY` bytes.
    """
    if len(key) < SHORTEST_KEY:
        raise UsageError(
            f"the key for patient pseudonyms has {len(key)} bytes; it needs at least {SHORTEST_KEY}, drawn at random"
        )


def pseudonym(source: str, patient: str, key: bytes) -> str:
    """HMAC-SHA256 of the patient, cut to `DIGITS` hex digits.

    Raises:
        UsageError: The key is too short.
    """
    check_key(key)
    message = patient_key(source, patient).encode(errors="surrogateescape")  # an id may be part of a file name
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:DIGITS]
