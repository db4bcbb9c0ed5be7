"""From a node's parameters to a training."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from components.network_trial.roles import Roles
from trainer.input import Split
from trainer.job import Job, key_of
from trainer.settings import ThresholdSettings, TrainerSettings

_FEATURES: Final = "features-"


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

    # As in the Trainer, another configuration never goes on from this one's checkpoints, nor do other records, told by
    # place and content.
    named = [str(told[name]) for name in sorted(told) if name != "checkpoint_dir"]
    places = [str(records[name]) for name in (*roles.train, roles.eval)]
    kept = Path(told["checkpoint_dir"])
    train, evaluation = split(*roles.train), split(roles.eval)
    checkpoints = kept / key_of(*named, *places, train.fingerprint, evaluation.fingerprint)
    # All trainings of a comparison share what a frozen network says of the films, whichever of them they train on.
    of_films = [str(told[name]) for name in ("data_digest", "weights_digest", "code_digest", "image_size")]
    job = Job(
        train=train,
        eval=evaluation,
        positive=told["positive"],
        settings=TrainerSettings.model_validate_json(told["trainer_settings"]),
        threshold=ThresholdSettings.model_validate_json(told["threshold_settings"]),
        model_dir=checkpoints,
        checkpoints=checkpoints,
        data_digest=told["data_digest"],
        code_digest=told["code_digest"],
        features=kept / f"{_FEATURES}{key_of(*of_films)}",
    )
    return job, split(roles.test)


def forget_features(checkpoint_dir: Path) -> None:
    """Removes what the trainings of a comparison have shared, when none is left."""
    for folder in checkpoint_dir.glob(f"{_FEATURES}*"):
        shutil.rmtree(folder, ignore_errors=True)
