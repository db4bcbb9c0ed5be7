"""The samples of films in use that one version has answered. No TensorFlow."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from trainer.errors import RunError, UsageError
from trainer.features import INVALID
from trainer.samples import COLUMNS, HOUR, LABEL, MODEL, VERSION


@dataclass(frozen=True)
class Samples:
    """Films in use, and what a version has said of them.

    Attributes:
        model: Name of the model.
        version: Its number.
        films: A row for each film that could be decoded, with the columns of ``trainer.samples``.
        invalid: How many could not be.
        others: How many other versions have answered.
        earlier: How many came before the time asked for.
    """

    model: str
    version: str
    films: pd.DataFrame
    invalid: int
    others: int
    earlier: int

    @property
    def hours(self) -> tuple[str, str]:
        """The first and the last that films came in, UTC; of one film at least."""
        return self.films[HOUR].min(), self.films[HOUR].max()


def read_samples(folder: Path, model: str, version: str, since: str = "") -> Samples:
    """Reads what ``cxr serve --sample-to`` has written.

    Args:
        folder: Of the files.
        model: Name of the model; what others have answered is left out.
        version: Its number.
        since: Day or hour, UTC, as ``2026-11-26`` or ``2026-11-26T08``; what came before is left out.

    Raises:
        UsageError: There are no samples.
        RunError: A file is none of samples.
    """
    files = sorted(file for file in folder.glob("*.csv") if not file.name.startswith("."))
    if not files:
        raise UsageError(f"'{folder}' holds no samples; keep some with cxr serve --sample-to {folder}")
    table = pd.concat([_table(file) for file in files], ignore_index=True)
    is_mine = (table[MODEL] == model) & (table[VERSION] == version)
    is_late = table[HOUR] >= since
    chosen = table[is_mine & is_late]
    return Samples(
        model=model,
        version=version,
        films=chosen[chosen[LABEL] != INVALID],
        invalid=int((chosen[LABEL] == INVALID).sum()),
        others=int((~is_mine).sum()),
        earlier=int((is_mine & ~is_late).sum()),
    )


def _table(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)  # a class may be called NA
    except (OSError, ValueError) as error:  # pandas' own are ValueErrors
        reason = str(error).splitlines()[0]
        raise RunError(f"{file} cannot be read as samples ({reason}); mend it or take it away") from error
    if tuple(table.columns) != COLUMNS:
        raise RunError(
            f"{file} holds no samples: its columns are {', '.join(map(str, table.columns))}, those of samples "
            f"{', '.join(COLUMNS)}; take it away"
        )
    return table
