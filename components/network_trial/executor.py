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
from components.score.films import read_films
from trainer.predictions import ORIGINAL, write_predictions
from trainer.trial import try_network


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
        threshold = report.threshold
        decided = probabilities[:, test.classes.index(job.positive)] >= np.float32(threshold)  # as a served model does
        predictions = films.predictions(test.classes, job.positive, threshold, probabilities, decided)
        write_predictions({ORIGINAL: predictions}, folder / PREDICTIONS_FILE)
        (folder / TRIAL_FILE).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(job.checkpoints, ignore_errors=True)
