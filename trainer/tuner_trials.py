"""What the trials of a search came to: as each is kept, and as TFX's Tuner writes them all. No TensorFlow."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from trainer.servable import Rate, Tuning
from trainer.settings import BackboneName, OptimizerName
from trainer.strict import Settings
from trainer.tuner_settings import SEARCHED

#: What TFX's Tuner calls the table of trials inside its artifact.
RESULTS_FILE: Final = "tuner_results.json"
#: Columns that TFX adds to it.
_OF_TFX: Final = ("trial_id", "score")


class Outcome(Settings):
    """One trial alone.

    Attributes:
        rate: the objective on the eval split, with the weights of the best epoch; None = the trial failed.
        eval_loss: of the best epoch.
        epochs: how many there were.
        failure: why it failed.
    """

    rate: Rate | None = None
    eval_loss: float = 0.0
    best_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    failure: str = ""


class Trial(Settings):
    """One row of the table: a trial that came to a number, and how many there were.

    Attributes:
        trial: its number, from 1.
        objective: in words: ``AUC``, ``recall at specificity 0.9``.
        value, low, high, n, patients: the objective with its interval.
        trials: of the whole search.
        failed: how many of those came to no number.
        asked: ``tuner.trials``, more than ``trials`` where the search space gave no further values; 0 = not known.
    """

    trial: int
    backbone: BackboneName
    learning_rate: float
    dense: int
    dropout: float
    optimizer: OptimizerName
    strength: float
    objective: str
    value: float
    low: float
    high: float
    n: int
    patients: int
    eval_loss: float
    best_epoch: int
    epochs: int
    seconds: float
    trials: int
    failed: int
    asked: int = 0

    @property
    def rate(self) -> Rate:
        """The objective with its interval."""
        return Rate(value=self.value, low=self.low, high=self.high, n=self.n, patients=self.patients)

    @property
    def values(self) -> dict[str, Any]:
        """What the trial was made with."""
        return {name: getattr(self, name) for name in SEARCHED}

    @property
    def tuning(self) -> Tuning:
        """What ``model.json`` says, if this is the best one."""
        return Tuning(
            objective=self.objective, trials=self.trials, failed=self.failed, best=self.rate, values=self.values
        )


def kept_outcome(file: Path) -> Outcome | None:
    """What :func:`keep_outcome` has written; None where the trial has not ended yet."""
    return Outcome.model_validate_json(file.read_text(encoding="utf-8")) if file.is_file() else None


def keep_outcome(file: Path, outcome: Outcome) -> None:
    """Writes an outcome, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}")
    draft.write_text(outcome.model_dump_json(), encoding="utf-8")
    os.replace(draft, file)


def read_trial(row: Mapping[str, Any]) -> Trial:
    """A trial from a row of TFX's table, or from the values in TFX's best hyperparameters."""
    return Trial.model_validate({name: value for name, value in row.items() if name not in _OF_TFX})


def read_trials(folder: Path) -> tuple[Trial, ...]:
    """All trials from the ``tuner_results`` artifact of TFX's Tuner, the best first."""
    rows = json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8"))
    return best_first(map(read_trial, rows))


def best_first(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """In the order of the objective; of equal ones, which are frequent on few films, the lower eval loss first."""
    return tuple(sorted(trials, key=lambda trial: (-trial.value, trial.eval_loss, trial.trial)))
