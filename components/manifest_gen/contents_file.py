"""Contents of films in a file, from the worker that has read them to the process that compares them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from components.manifest_gen.contents import Contents
from components.manifest_gen.duplicates.fingerprint import Fingerprint


def write_contents(file: Path, found: Sequence[Contents | str]) -> None:
    """Writes what a `components.manifest_gen.contents.Reader` has found: a NumPy archive without pickles."""
    prints = [one.fingerprint for one in found if isinstance(one, Contents) and one.fingerprint]
    entries = [one if isinstance(one, str) else one.attributes | _frame(one.fingerprint) for one in found]
    with file.open("wb") as stream:
        np.savez(
            stream,
            entries=np.array(json.dumps(entries)),
            places=np.concatenate([np.zeros((0, 4), np.float32), *(one.places for one in prints)]),
            codes=np.concatenate([np.zeros((0, 16), np.uint8), *(one.codes for one in prints)]),
        )


def read_contents_file(file: Path) -> Iterator[Contents | str]:
    """Reads what `write_contents` has written."""
    with np.load(file, allow_pickle=False) as archive:
        entries, places, codes = json.loads(archive["entries"].item()), archive["places"], archive["codes"]
    start = 0
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        elif (frame := entry.pop("frame", None)) is None:
            yield Contents(**entry)
        else:
            rows = slice(start, start + frame["places"])
            start = rows.stop
            size = (frame["width"], frame["height"])
            made = Fingerprint(places[rows].copy(), codes[rows].copy(), *size, bytes.fromhex(frame["digest"]))
            yield Contents(**entry, fingerprint=made)


def _frame(one: Fingerprint | None) -> dict[str, dict[str, int | str]]:
    if one is None:
        return {}
    return {"frame": {"places": len(one.places), "width": one.width, "height": one.height, "digest": one.digest.hex()}}
