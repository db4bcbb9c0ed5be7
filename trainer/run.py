"""What TFX's Trainer calls: ``run_fn``, by its dotted path ``trainer.run.run_fn``."""

import shutil
from typing import Any

from trainer.export import export
from trainer.job import Job
from trainer.servable import ModelInfo
from trainer.trained import train_and_decide
from trainer.warm_up import write_warm_up


def run_fn(fn_args: Any) -> None:
    """Trains, chooses the threshold, exports."""
    run(Job.from_fn_args(fn_args))


def run(job: Job) -> ModelInfo:
    """Trains, exports with requests to warm it up, and removes checkpoints and what the Tuner has kept.

    Raises:
        CxrError: As :func:`trainer.trained.train_and_decide` does.
    """
    trained = train_and_decide(job)
    export(trained.classifier, trained.decision, job.model_dir)
    write_warm_up(job.model_dir, job.train.image_size)
    trained.info.write(job.model_dir)
    for folder in filter(None, (job.checkpoints, job.searches)):
        shutil.rmtree(folder, ignore_errors=True)
    return trained.info
