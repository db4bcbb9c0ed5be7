"""Moves records in and a network's figures out; the work is in ``trainer.trial``."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.files import PREDICTIONS_FILE, TRIAL_FILE
from components.network_trial.job import job_of
from components.network_trial.roles import Roles
from components.score.films import Films, read_films
from trainer.predictions import ORIGINAL, Predictions, write_predictions
from trainer.trial import try_network
from trainer.trial_report import TrialReport


class Executor(base_executor.BaseExecutor):
    """Executor of NetworkTrial."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes what ``components.artifacts.Trial`` holds.

        Raises:
            CxrError: As ``trainer.trained.train_and_decide`` does.
        """
        folder = Path(artifact_utils.get_single_uri(output_dict["trial"]))
        roles = Roles.model_validate_json(exec_properties["splits"])
        records = {
            split: Path(artifact_utils.get_split_uri(input_dict["examples"], split))
            for split in (*roles.train, roles.eval, roles.test)
        }
        job, test = job_of(records, exec_properties)
        report, probabilities = try_network(job, test)
        films = read_films(sorted(records[roles.test].iterdir()))
        predictions = predictions_of(films, test.classes, job.positive, report, probabilities)
        write_predictions({ORIGINAL: predictions}, folder / PREDICTIONS_FILE)
        (folder / TRIAL_FILE).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(job.checkpoints, ignore_errors=True)


def predictions_of(
    films: Films, classes: tuple[str, ...], positive: str, report: TrialReport, probabilities: np.ndarray
) -> Predictions:
    """What a network said of films, as a table, decided at its threshold as a served model decides."""
    index = classes.index(positive)
    return Predictions(
        classes=classes,
        positive=index,
        threshold=report.threshold,
        image_id=films.image_id,
        patient_id=films.patient_id,
        label=films.label,
        view=films.view,
        source=films.source,
        sex=films.sex,
        age=films.age,
        probabilities=probabilities,
        decided=probabilities[:, index] >= np.float32(report.threshold),
    )
