"""One search: which records, which settings, where to keep what a killed search goes on from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.input import Split
from trainer.job import features_of, key_of, searches_of, splits_of
from trainer.tuner_settings import Search


@dataclass(frozen=True)
class SearchJob:
    """One search over hyperparameters.

    Attributes:
        train, eval: splits; there is no other.
        positive: name of the positive class.
        folder: of this search's own; the Trainer removes it when the model is exported, so that a kill between the
            last trial and the outputs of TFX's Tuner loses nothing.
        features: folder of the features of these records, which the Trainer takes again; None = ``folder``.
    """

    train: Split
    eval: Split
    positive: str
    search: Search
    folder: Path
    features: Path | None = None

    @classmethod
    def from_fn_args(cls, fn_args: Any) -> "SearchJob":
        """From TFX's FnArgs, whose ``custom_config`` holds the settings as JSON strings."""
        config = fn_args.custom_config
        train, evaluation, positive = splits_of(fn_args)
        named = [config[name] for name in ("search", "data_digest", "code_digest", "weights_digest")]
        key = key_of(*named, train.fingerprint, evaluation.fingerprint)
        search, folder = Search.model_validate_json(config["search"]), searches_of(fn_args) / key
        return cls(train, evaluation, positive, search, folder, features_of(fn_args))
