"""Keeps numbers of a share of the films that are asked about, and of the answers: no pixel, no name, no address.

Files of comma-separated values with the columns of ``trainer.samples``, for ``cxr drift``. Each is written whole, under
another name first, so that neither a kill nor a full disk leaves half a row. What cannot be written is lost, and the
server says so; no request waits for a disk, or fails of one.
"""

import contextlib
import csv
import io
import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import numpy as np

from serving.server.film_header import film_format, film_size
from trainer.errors import UsageError
from trainer.features import INVALID
from trainer.samples import COLUMNS, HOUR, LABEL, MEASURES, MODEL, SCORE, VERSION, Values, of_answer, of_film

#: Films of one file; and how many may wait to be written, beyond which they are lost.
ROWS: Final = 1000
#: Files of a folder, the oldest of which go first: a million films, about 70 MB.
FILES: Final = 1000
#: Seconds between two writings: what a kill can lose.
INTERVAL: Final = 10.0
#: Seconds after which a file that has not got its name yet is one that a kill has left.
_ABANDONED: Final = 60.0
_NEEDED: Final = frozenset({LABEL, SCORE, "valid", *MEASURES})


class Sampler:
    """Takes films from any thread, and writes them from one of its own.

    Args:
        folder: is made where it is not there.
        share: of the films that are kept, above 0 and at most 1; each is drawn for itself.
        say: is told in a sentence what goes wrong, once until it goes well again.
        interval: seconds between two writings.

    Raises:
        UsageError: Nothing can be written there.
    """

    def __init__(self, folder: Path, share: float, say: Callable[[str], None], interval: float = INTERVAL) -> None:
        self._folder, self._share, self._say, self._interval = folder, share, say, interval
        self._lock = threading.Lock()
        self._taken: list[Values] = []
        self._lost, self._trouble, self._said = 0, "", ""
        self._file, self._rows = "", list[Values]()  # what is written last, and grows until it is full
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._clear()
            self._write("", [])
        except OSError as error:
            raise UsageError(
                f"samples cannot be written to '{folder}' ({error.strerror}); name another folder with --sample-to"
            ) from error

    def start(self) -> None:
        """Begins to write what is taken."""
        self._thread.start()

    def close(self) -> None:
        """Writes what there is, and ends."""
        self._stopped.set()
        self._thread.join()

    def take(
        self, model: str, version: int, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> None:
        """Keeps a share of a request's films; never raises, and waits for no disk.

        Args:
            model: its name.
            version: that has answered.
            inputs: of the request; films are in ``image_bytes``, and one without them is passed over.
            outputs: all of its signature.
        """
        try:
            films = inputs.get("image_bytes")
            if films is None:
                return
            if missing := sorted(_NEEDED - set(outputs)):
                self._trouble = f"nothing is kept of {model}: version {version} gives no {', '.join(missing)}"
                return
            head: Values = {HOUR: _hour(), MODEL: model, VERSION: str(version)}
            chosen = [index for index in range(len(films)) if random.random() < self._share]
            self._add([{**head, **_row(films[index], index, outputs)} for index in chosen])
        except Exception as error:  # whatever it is, the answer is there and must go out
            self._trouble = f"a sample is lost by an unexpected {type(error).__name__}: {error}"

    def _add(self, rows: Sequence[Values]) -> None:
        with self._lock:
            room = ROWS - len(self._taken)
            self._taken += rows[:room]
            self._lost += len(rows[room:])

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            taken, self._taken = self._taken, []
            lost, self._lost = self._lost, 0
            trouble, self._trouble = self._trouble, ""
        if lost:
            trouble = f"samples are lost: more than {ROWS} in {self._interval:g} s"
        try:
            if taken:
                self._keep(taken)
        except Exception as error:  # the thread lives on: there may be room again
            reason = getattr(error, "strerror", None) or str(error)
            trouble = f"samples are lost: they cannot be written to {self._folder} ({reason})"
        if trouble and trouble != self._said:
            self._say(trouble)
        if trouble or taken:
            self._said = trouble

    def _keep(self, taken: list[Values]) -> None:
        """Adds to the last file, or begins the next where that would be too long."""
        rows, file = [*self._rows, *taken], self._file
        if not file or len(rows) > ROWS:
            self._make_room()
            rows, file = taken, f"{_hour()}-{secrets.token_hex(4)}.csv"
        self._write(file, rows)
        self._rows, self._file = rows, file

    def _write(self, name: str, rows: Sequence[Values]) -> None:
        """Puts a file of these rows in the place of one; without a name it only tries whether it could."""
        draft = self._folder / f".{secrets.token_hex(4)}.csv"
        try:
            with draft.open("w", encoding="utf-8", newline="") as stream:
                stream.write(_as_text(rows))
                stream.flush()
                os.fsync(stream.fileno())
            if name:
                os.replace(draft, self._folder / name)
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def _make_room(self) -> None:
        # Their names begin with the hour.
        files = sorted(file for file in self._folder.glob("*.csv") if not file.name.startswith("."))
        for file in files[: max(0, len(files) - FILES + 1)]:
            file.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Removes what killed servers have left, and not what another one is just writing."""
        for draft in self._folder.glob(".*.csv"):
            if time.time() - draft.stat().st_mtime > _ABANDONED:
                draft.unlink(missing_ok=True)


def _row(film: bytes, index: int, outputs: Mapping[str, np.ndarray]) -> Values:
    """Of a film that is not valid nothing but that."""
    if not outputs["valid"][index]:
        return {LABEL: INVALID}
    size = film_size(film)
    width, height = (size.width, size.height) if size else (0, 0)
    return {
        **of_film(film_format(film), width, height, {name: outputs[name][index] for name in MEASURES}),
        **of_answer(outputs[LABEL][index].decode(), outputs[SCORE][index]),
    }


def _as_text(rows: Sequence[Values]) -> str:
    """Without the order in which they came: it would tell more of the time than the hour."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(sorted(rows, key=lambda row: [str(row.get(column, "")) for column in COLUMNS]))
    return text.getvalue()


def _hour() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H")
