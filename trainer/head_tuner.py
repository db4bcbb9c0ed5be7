"""KerasTuner over heads on features that are computed once.

The values are drawn at random. KerasTuner's Bayesian search draws three trials for each of the six values at random
before it models anything, and puts backbones and optimizers on a line; Hyperband saves epochs, and an epoch of a head
costs a fraction of a second.
"""

from typing import Any

import keras_tuner as kt
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import TrialStatus

from trainer.errors import RunError
from trainer.job import key_of
from trainer.progress import say
from trainer.search_job import SearchJob
from trainer.tuner_objective import objective_name
from trainer.tuner_settings import SEARCHED, TunerSettings
from trainer.tuner_trial import run_trial
from trainer.tuner_trials import Outcome, Trial, best_first, keep_outcome, kept_outcome

_VALUE = "value"


def search_space(tuner: TunerSettings) -> kt.HyperParameters:
    """What the values are drawn from."""
    space = kt.HyperParameters()
    space.Choice("backbone", list(tuner.backbones))
    space.Float("learning_rate", *tuner.learning_rate, sampling="log")
    space.Choice("dense", list(tuner.dense))
    space.Float("dropout", *tuner.dropout)
    space.Choice("optimizer", list(tuner.optimizers))
    space.Choice("strength", list(tuner.strengths))
    return space


class HeadTuner(BaseTuner):
    """A random search whose finished trials are kept.

    KerasTuner's own project cannot be resumed from every moment: a kill while it writes leaves half a file, and one
    between two files a trial that counts and is never run. So it lies in TFX's temporary folder, and the outcome of
    each trial is kept in a file of its own. The oracle draws from its seed alone: after a restart the same values come
    again, and those that have an outcome are not run.

    Args:
        job: the search.
        directory: for KerasTuner's files.
    """

    def __init__(self, job: SearchJob, directory: str) -> None:
        self._job = job
        self._outcomes: dict[str, Outcome] = {}
        self._ranked: tuple[Trial, ...] = ()
        tuner = job.search.tuner
        oracle = kt.oracles.RandomSearchOracle(
            objective=kt.Objective(_VALUE, "max"),
            max_trials=tuner.trials,
            seed=tuner.seed,
            hyperparameters=search_space(tuner),
            max_consecutive_failed_trials=tuner.trials + 1,  # that they all fail is told when they have
        )
        oracle.verbose = 0
        super().__init__(oracle, directory=directory, project_name="search")

    def search(self, **fit_kwargs: Any) -> None:
        """As KerasTuner's, but an error that is not the trial's own ends it; that one counts it as a failed trial."""
        while (trial := self.oracle.create_trial(self.tuner_id)).status == TrialStatus.RUNNING:
            try:
                self.oracle.update_trial(trial.trial_id, self.run_trial(trial, **fit_kwargs))
                trial.status = TrialStatus.COMPLETED
            except kt.errors.FailedTrialError as error:
                trial.status, trial.message = TrialStatus.FAILED, str(error)
            self.on_trial_end(trial)
        self.on_search_end()

    def run_trial(self, trial: Any, **_: Any) -> dict[str, float]:
        """Runs a trial, or takes its outcome from before a restart.

        Raises:
            FailedTrialError: It came to no number.
        """
        values = {name: trial.hyperparameters.values[name] for name in SEARCHED}
        file = self._job.folder / f"trial_{key_of(repr(values))}.json"
        outcome = kept_outcome(file)
        if outcome is None:
            outcome = run_trial(self._job, _number(trial.trial_id), values)
            keep_outcome(file, outcome)
        self._outcomes[trial.trial_id] = outcome
        if outcome.rate is None:
            raise kt.errors.FailedTrialError(outcome.failure)
        return {_VALUE: outcome.rate.value}

    def on_search_end(self) -> None:
        """Ranks the trials, and puts what came of each beside its values, from where TFX writes both to its outputs.

        Raises:
            RunError: No trial has come to a number.
        """
        failures = [outcome.failure for outcome in self._outcomes.values() if outcome.rate is None]
        if len(failures) == len(self._outcomes):
            raise RunError(f"none of {len(failures)} trials came to a number; the last: {failures[-1]}")
        rows = {
            name: Trial(
                trial=_number(name),
                **{value: self.oracle.trials[name].hyperparameters.values[value] for value in SEARCHED},
                objective=objective_name(self._job.search.tuner),
                **outcome.rate.model_dump(),
                **outcome.model_dump(exclude={"rate", "failure"}),
                trials=len(self._outcomes),
                failed=len(failures),
                asked=self._job.search.tuner.trials,
            )
            for name, outcome in self._outcomes.items()
            if outcome.rate is not None
        }
        for name, row in rows.items():
            for column, value in row.model_dump(exclude=set(SEARCHED)).items():
                self.oracle.trials[name].hyperparameters.Fixed(column, value)
        self._ranked = best_first(rows.values())
        if (made := len(self._outcomes)) < (asked := self._job.search.tuner.trials):
            say(f"{made} of {asked} trials: the search space has no more that were found at random")
        say(_in_words(self._ranked[0]))

    def get_best_hyperparameters(self, num_trials: int = 1) -> list[kt.HyperParameters]:
        """The values of the best trials and what came of them; of equal ones the lower eval loss comes first."""
        trials = {_number(name): trial for name, trial in self.oracle.trials.items()}
        return [trials[row.trial].hyperparameters for row in self._ranked[:num_trials]]

    def search_space_summary(self, extended: bool = False) -> None:
        """Says nothing: stdout is for results."""

    def results_summary(self, num_trials: int = 10) -> None:
        """Says nothing: stdout is for results."""


def _number(trial_id: str) -> int:
    """KerasTuner counts from 0, and in text."""
    return int(trial_id) + 1


def _in_words(best: Trial) -> str:
    values = (
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in best.values.items()
    )
    return (
        f"trial {best.trial} of {best.trials} is the best: {best.objective} {best.value:.3f} ({best.low:.3f} to "
        f"{best.high:.3f}) on the eval split, with {', '.join(values)}"
    )
