"""Which row has which film: each film goes to the first row that names it, and nothing is left unsaid."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from components.manifest_gen.folder import Listing, leads_out
from components.manifest_gen.metadata import MetadataRow
from components.manifest_gen.rows import Rejection


@dataclass
class Claims:
    """The films of one source on one side, the rows of its metadata on the other.

    Attributes:
        source: Name of the source.
        listing: What lies in its folders.
        claimed: Key of the listing -> line of the first row that names it, whether or not the row was good enough.
    """

    source: str
    listing: Listing
    claimed: dict[str, int] = field(default_factory=dict)

    def take(self, row: MetadataRow, file: str, key: str | None, patient: str) -> Path | Rejection:
        """The film of a row, or why it has none.

        Args:
            row: The row.
            file: The film's name as the row spells it.
            key: Where that name stands in the listing; None if it does not.
            patient: The row's patient id.
        """

        def refused(reason: str, detail: str) -> Rejection:
            return Rejection(self.source, row.line, file, reason, detail)

        if key is not None:
            self.claimed.setdefault(key, row.line)
        if row.surplus:
            return refused(
                "cells",
                f"{row.surplus} more cells than the header; put quotes around the cell that holds a comma",
            )
        if not patient:
            return refused("no_patient", "no patient id, so films of one patient could part; add it or drop the row")
        if leads_out(file):
            return refused("outside_folder", "the name leads out of the folder of films; name a film inside it")
        if key is None:
            return refused("no_file", "no such film in the folder; fetch it or drop the row")
        if (first := self.claimed[key]) != row.line:
            return refused("duplicate_row", f"line {first} names the same film; keep one of the two rows")
        entry = self.listing[key]
        return replace(entry, row=row.line, file=file) if isinstance(entry, Rejection) else entry

    def left(self) -> Iterator[Rejection]:
        """Every file that no row has named."""
        for key, entry in self.listing.items():
            if key in self.claimed:
                continue
            if isinstance(entry, Rejection):
                yield entry
            else:
                detail = "no row of the metadata names the file; add one or move the file"
                yield Rejection(self.source, 0, key, "no_row", detail)
