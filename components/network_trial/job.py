"""From a node's parameters to a training."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.network_trial.roles import Roles
from trainer.input import Split
from trainer.job import Job, key_of
from trainer.settings import ThresholdSettings, TrainerSettings


def job_of(records: Mapping[str, Path], told: Mapping[str, Any]) -> tuple[Job, Split]:
    """The training, and the films to test on.

    Args:
        records: Split -> folder of its records.
        told: Parameters of the node.
    """
    roles = Roles.model_validate_json(told["splits"])
    classes = tuple(json.loads(told["classes"]))

    def split(*names: str) -> Split:
        return Split(tuple(str(records[name] / "*") for name in names), classes, told["image_size"])

    # As in the Trainer, another configuration never goes on from this one's checkpoints; TFX gives the place of the
    # records to one execution only.
    named = [str(told[name]) for name in sorted(told) if name != "checkpoint_dir"]
    places = [str(records[name]) for name in (*roles.train, roles.eval)]
    checkpoints = Path(told["checkpoint_dir"], key_of(*named, *places))
    job = Job(
        train=split(*roles.train),
        eval=split(roles.eval),
        positive=told["positive"],
        settings=TrainerSettings.model_validate_json(told["trainer_settings"]),
        threshold=ThresholdSettings.model_validate_json(told["threshold_settings"]),
        model_dir=checkpoints,
        checkpoints=checkpoints,
        data_digest=told["data_digest"],
        code_digest=told["code_digest"],
    )
    return job, split(roles.test)
