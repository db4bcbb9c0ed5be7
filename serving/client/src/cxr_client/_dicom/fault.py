# A copy of trainer/dicom/fault.py, made by serving/client/copy_conversion.py: edit that one.
"""Why a DICOM file gives no film."""

from typing import NoReturn


class DicomFault(Exception):
    """A DICOM file that gives no film.

    Attributes:
        reason: A short code: ``unreadable``, ``not_a_film``, ``frames``, ``photometric``, ``unprocessed`` or ``size``.
        detail: One sentence: the value, what is allowed, the next step. Nothing of it comes from a tag that could
            name a patient.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def unreadable(detail: str) -> NoReturn:
    """Raises the fault of a broken file."""
    raise DicomFault("unreadable", detail)
