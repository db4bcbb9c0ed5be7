"""One training: which records, which settings, where to."""

import functools
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import tensorflow as tf

from trainer.input import Split
from trainer.servable import Tuning
from trainer.settings import ThresholdSettings, TrainerSettings
from trainer.tuner_settings import tuned
from trainer.tuner_trials import read_trial

_SEARCHES: Final = "tuner-"


@dataclass(frozen=True)
class Job:
    """One training from records to a SavedModel.

    Attributes:
        train, eval: splits.
        positive: name of the positive class.
        settings: with the best values of a search, where there was one.
        model_dir: folder for the SavedModel and ``model.json``.
        checkpoints: folder of this job's own, removed when it is done.
        log_dir: folder for TensorBoard scalars; None = none are written.
        tuning: the search that the settings come from; None = they were set.
        searches: folder of what searches on these records keep, removed with the checkpoints; None = there is none.
        features: folder of the features of these records, which a search may have left; None = among the checkpoints.
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
    tuning: Tuning | None = None
    searches: Path | None = None
    features: Path | None = None

    @classmethod
    def from_fn_args(cls, fn_args: Any) -> "Job":
        """From TFX's FnArgs: ``custom_config`` holds the settings as JSON strings, ``hyperparameters`` the Tuner's."""
        config = fn_args.custom_config
        train, evaluation, positive = splits_of(fn_args)
        settings = TrainerSettings.model_validate_json(config["trainer"])
        best = read_trial(fn_args.hyperparameters["values"]) if fn_args.hyperparameters else None
        if best is not None:
            settings = tuned(settings, best.values)

        # Another configuration, or other records or code, never goes on from this one's checkpoints. TFX gives the
        # place of the records to one execution only, until somebody removes its folders and leaves the checkpoints:
        # hence their content, too.
        named = [settings.model_dump_json()]
        named += [config[key] for key in ("data", "data_digest", "code_digest", "weights_digest")]
        named += [*fn_args.train_files, *fn_args.eval_files, train.fingerprint, evaluation.fingerprint]
        return cls(
            train=train,
            eval=evaluation,
            positive=positive,
            settings=settings,
            threshold=ThresholdSettings.model_validate_json(config["threshold"]),
            model_dir=Path(fn_args.serving_model_dir),
            checkpoints=Path(config["checkpoint_dir"]) / key_of(*named),
            data_digest=config["data_digest"],
            code_digest=config["code_digest"],
            log_dir=fn_args.model_run_dir,
            tuning=best.tuning if best else None,
            searches=searches_of(fn_args),
            features=features_of(fn_args),
        )


def splits_of(fn_args: Any) -> tuple[Split, Split, str]:
    """The train split, the eval split, and the positive class."""
    data = json.loads(fn_args.custom_config["data"])

    def split(patterns: list[str]) -> Split:
        return Split(tuple(patterns), tuple(data["classes"]), data["image_size"])

    return split(fn_args.train_files), split(fn_args.eval_files), data["positive"]


def searches_of(fn_args: Any) -> Path:
    """The folder of all searches on these records, the same for the Tuner and the Trainer behind it."""
    key = key_of(fn_args.custom_config["data"], *fn_args.train_files, *fn_args.eval_files)
    return Path(fn_args.custom_config["checkpoint_dir"]) / f"{_SEARCHES}{key}"


def forget_searches(checkpoint_dir: Path) -> None:
    """Removes what searches have kept, those that came to no model as well, where no other run uses the folder."""
    for folder in checkpoint_dir.glob(f"{_SEARCHES}*"):
        shutil.rmtree(folder, ignore_errors=True)


def features_of(fn_args: Any) -> Path:
    """The folder of features of these records and weights, the same for the Tuner and the Trainer behind it.

    The two have code digests of their own, so that one of all code here stands in their place.
    """
    config = fn_args.custom_config
    return searches_of(fn_args) / key_of("features", config["data_digest"], config["weights_digest"], _digest_of_code())


@functools.cache
def _digest_of_code() -> str:
    files = sorted(Path(__file__).parent.glob("*.py"))
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return key_of(tf.__version__, keras.__version__, *digests)


def key_of(*texts: str) -> str:
    """16 hex digits; other texts, other digits."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
