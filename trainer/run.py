"""What TFX's Trainer calls: ``run_fn``, by its dotted path ``trainer.run.run_fn``."""

import shutil
from typing import Any

from trainer.export import export
from trainer.job import Job
from trainer.servable import ModelInfo
from trainer.trained import train_and_decide


def run_fn(fn_args: Any) -> None:
    """Trains, chooses the threshold, exports."""
    run(Job.from_fn_args(fn_args))


def run(job: Job) -> ModelInfo:
    """Trains and exports, and removes the checkpoints.

    Raises:
        CxrError: As :func:`trainer.trained.train_and_decide` does.
    """
    trained = train_and_decide(job)
    export(trained.classifier, trained.decision, job.model_dir)
    trained.info.write(job.model_dir)
    shutil.rmtree(job.checkpoints, ignore_errors=True)
    return trained.info
