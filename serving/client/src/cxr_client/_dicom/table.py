# A copy of trainer/dicom/table.py, made by serving/client/copy_conversion.py: edit that one.
"""Look-up tables of the modality and of the value of interest (PS3.3 C.11.1.1 and C.11.2.1.1)."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from cxr_client._dicom.fault import unreadable

_ENTRIES = 1 << 16  # which the file writes as 0


@dataclass(frozen=True)
class Table:
    """A look-up table.

    Attributes:
        first: Input that gives the first entry; inputs below it do too, and those beyond the last entry give the last.
        entries: float64.
        highest: What an entry can be at most: 2 to the power of its bits, less one.
    """

    first: int
    entries: np.ndarray
    highest: int

    def of(self, inputs: np.ndarray) -> np.ndarray:
        """The entry of every input, float64; inputs between integers take the nearest."""
        places = np.clip(np.rint(inputs) - self.first, 0, len(self.entries) - 1)
        return self.entries[places.astype(np.int64)]


def first_table(film: Dataset, keyword: str, *, signed: bool) -> Table | None:
    """The first table of a sequence.

    Args:
        film: Elements of the film.
        keyword: The sequence.
        signed: Whether inputs can be below 0; the first of them is then written with a sign.

    Returns:
        None where there is no sequence or it has no items.

    Raises:
        DicomFault: A table without descriptor or data, of other depths than 8 to 16 bits, or shorter than it says.
    """
    tables = film.get(keyword)
    if not tables:
        return None
    descriptor, data = (tables[0].get_item(name) for name in ("LUTDescriptor", "LUTData"))
    if not (isinstance(descriptor, RawDataElement) and isinstance(data, RawDataElement)):
        unreadable(f"{keyword} has a table without descriptor or data; export the film again")
    words = "<u2" if descriptor.is_little_endian else ">u2"
    content = data.value or b""
    count, first, bits = map(int, np.frombuffer(descriptor.value or b"", words, count=3))
    count = count or _ENTRIES
    if not 8 <= bits <= 16:
        unreadable(f"{keyword} has a table of {bits} bits; 8 to 16 are read")
    found = np.frombuffer(content[: len(content) // 2 * 2], words)
    if bits == 8 and len(found) < count:  # two entries to a word, the low byte first
        found = found.astype("<u2").view(np.uint8)
    if len(found) < count:
        unreadable(f"{keyword} has a table of {len(found)} entries that should have {count}; export the film again")
    highest = (1 << bits) - 1
    return Table(
        first=first - _ENTRIES if signed and first >= _ENTRIES // 2 else first,
        entries=np.minimum(found[:count], highest).astype(np.float64),
        highest=highest,
    )
