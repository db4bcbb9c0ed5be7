"""One training: which records, which settings, where to."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.input import Split
from trainer.settings import ThresholdSettings, TrainerSettings


@dataclass(frozen=True)
class Job:
    """One training from records to a SavedModel.

    Attributes:
        train, eval: splits.
        positive: name of the positive class.
        model_dir: folder for the SavedModel and ``model.json``.
        checkpoints: folder of this job's own, removed when it is done.
        log_dir: folder for TensorBoard scalars; None = none are written.
    """

    train: Split
    eval: Split
    positive: str
    settings: TrainerSettings
    threshold: ThresholdSettings
    model_dir: Path
    checkpoints: Path
    data_digest: str
    code_digest: str
    log_dir: str | None = None

    @classmethod
    def from_fn_args(cls, fn_args: Any) -> "Job":
        """From TFX's FnArgs, whose ``custom_config`` holds the settings as JSON strings."""
        config = fn_args.custom_config
        data = json.loads(config["data"])

        def split(patterns: list[str]) -> Split:
            return Split(tuple(patterns), tuple(data["classes"]), data["image_size"])

        # Another configuration, or other records or code, never goes on from this one's checkpoints. The records are
        # told by their place, which TFX gives to one execution only: the same films split anew are other records.
        named = [config[key] for key in ("trainer", "data", "data_digest", "code_digest", "weights_digest")]
        named += [*fn_args.train_files, *fn_args.eval_files]
        key = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]
        return cls(
            train=split(fn_args.train_files),
            eval=split(fn_args.eval_files),
            positive=data["positive"],
            settings=TrainerSettings.model_validate_json(config["trainer"]),
            threshold=ThresholdSettings.model_validate_json(config["threshold"]),
            model_dir=Path(fn_args.serving_model_dir),
            checkpoints=Path(config["checkpoint_dir"]) / key,
            data_digest=config["data_digest"],
            code_digest=config["code_digest"],
            log_dir=fn_args.model_run_dir,
        )
