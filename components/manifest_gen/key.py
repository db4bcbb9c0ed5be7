"""The secret of the patients' pseudonyms, which reaches ManifestGen by the environment and no other way."""

import os
from typing import Final

from trainer.errors import UsageError

KEY_VARIABLE: Final = "CXR_PATIENT_KEY"


def key_from_environment() -> bytes:
    """The key.

    Raises:
        UsageError: The variable is not set.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        raise UsageError(f"{KEY_VARIABLE} is not set; set it to a secret of at least 16 characters")
    return key.encode()
