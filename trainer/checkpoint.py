"""What a killed training goes on from: one file, replaced whole after every epoch.

Keras's BackupAndRestore keeps weights and epoch in two files, the weights of a frozen backbone with them, and neither
the best weights nor the state of early stopping. Here a kill at any moment leaves the last finished epoch, complete.
"""

import contextlib
import glob
import json
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np

from trainer.errors import RunError

#: Seconds after which a draft counts as that of a killed process.
ABANDONED: Final = 3600

Epoch = dict[str, float]


@dataclass(frozen=True)
class State:
    """Training after some epochs.

    Attributes:
        history: metrics of each finished epoch.
        current: values of everything that training moves, the optimizer and random states included.
        best: values of the model's weights after the best epoch.
    """

    history: tuple[Epoch, ...]
    current: tuple[np.ndarray, ...]
    best: tuple[np.ndarray, ...]

    def save(self, file: Path) -> None:
        """Replaces ``file`` by this state."""
        save_arrays(
            file,
            {"history": np.array(json.dumps(self.history))}
            | {f"current_{index}": value for index, value in enumerate(self.current)}
            | {f"best_{index}": value for index, value in enumerate(self.best)},
        )

    @classmethod
    def load(cls, file: Path) -> "State | None":
        """The state in ``file``; None where there is none yet.

        Raises:
            RunError: The file is damaged.
        """
        arrays = load_arrays(file)
        if arrays is None:
            return None

        def numbered(prefix: str) -> tuple[np.ndarray, ...]:
            count = sum(name.startswith(f"{prefix}_") for name in arrays)
            return tuple(arrays[f"{prefix}_{index}"] for index in range(count))

        return cls(tuple(json.loads(str(arrays["history"]))), numbered("current"), numbered("best"))


def save_arrays(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes an ``.npz``, whole or not at all.

    Runs on machines that share a volume may write the same file, and the first that is done removes its folder under
    the others: a save that comes to nothing so is told in a line.
    """
    draft = file.with_name(f".{file.name}.{uuid.uuid4().hex}.draft")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            np.savez(stream, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, file)
    except FileNotFoundError:
        from trainer.progress import say  # brings Keras

        say(f"{file} was not kept, for another run has removed its folder; this one goes on without it")
    finally:
        draft.unlink(missing_ok=True)
    _remove_abandoned(file)


def load_arrays(file: Path) -> dict[str, np.ndarray] | None:
    """Reads what :func:`save_arrays` wrote; None where there is no file.

    Raises:
        RunError: The file is damaged.
    """
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return dict(arrays)
    except FileNotFoundError:
        return None
    except (BadZipFile, ValueError, EOFError, OSError) as error:
        raise RunError(f"checkpoint {file} is damaged ({error}); delete it to train from the start") from error


def _remove_abandoned(file: Path) -> None:
    """Removes what killed processes have left of ``file``; what others may be writing stays."""
    with contextlib.suppress(FileNotFoundError):
        for draft in file.parent.glob(f".{glob.escape(file.name)}.*.draft"):
            if time.time() - draft.stat().st_mtime > ABANDONED:
                draft.unlink()
