"""What lies beside a SavedModel: ``model.json``, and where the newest version is. No TensorFlow."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.errors import RunError, UsageError

MODEL_JSON = "model.json"
SAVED_MODEL = "saved_model.pb"


class Rate(BaseModel):
    """A measured rate with its interval and what it was measured on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float
    n: int
    patients: int


class Tuning(BaseModel):
    """The search that a model's settings come from.

    Attributes:
        objective: what was best: ``AUC``, or ``recall at specificity 0.9``.
        trials: how many were made.
        failed: how many of them came to no number.
        best: the objective of the best one on the eval split: of so many the luckiest, too, so it flatters.
        values: of the settings that were searched, as they were chosen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: str
    trials: int
    failed: int
    best: Rate
    values: dict[str, Any]


class ModelInfo(BaseModel):
    """What a reader of the model must know. Holds no path, file name of a film, or patient.

    Attributes:
        temperature: by which the network's logits are divided; 1 = not calibrated.
        weights: as used: imagenet, random, scratch, or a file's name and fingerprint.
        metrics: split -> metric -> rate. The threshold was chosen on the eval split, so its recall and specificity
            are a little too good; the test split is what counts.
        tuning: the search that the settings come from; None = they were set.
        notes: sentences that a reader of the metrics must see.
        gate: the release gate's rules with value, bound and result; added when the model is pushed.
        content_digest: of the exported files before they were pushed; added when the model is pushed.
        plan_digest: of all that the model was made from: films, settings, code; added when the model is pushed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[str, ...]
    positive: str
    threshold: float
    target_recall: float
    image_size: int
    backbone: str
    weights: str
    trainable_parameters: int
    settings: dict[str, Any]
    training: dict[str, Any]
    data_digest: str
    code_digest: str
    seed: int
    metrics: dict[str, dict[str, Rate]]
    temperature: float = 1.0
    tuning: Tuning | None = None
    notes: tuple[str, ...] = ()
    gate: tuple[dict[str, Any], ...] = ()
    content_digest: str = ""
    plan_digest: str = ""

    def write(self, folder: Path) -> Path:
        """Writes ``model.json`` into ``folder``, whole or not at all."""
        file = folder / MODEL_JSON
        draft = file.with_name(f".{MODEL_JSON}.{os.getpid()}")
        draft.write_text(json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n", "utf-8")
        os.replace(draft, file)
        return file

    @classmethod
    def read(cls, folder: Path) -> "ModelInfo":
        """Reads ``model.json`` from ``folder``.

        Raises:
            RunError: The file is missing, or is not a model.json of this version.
        """
        file = folder / MODEL_JSON
        try:
            return cls.model_validate_json(file.read_text("utf-8"))
        except FileNotFoundError as error:
            raise RunError(f"{file} is missing; publish the model again") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise RunError(f"{file} is not understood: {where}: {first['msg']}; publish the model again") from error


def find_version(folder: Path) -> Path:
    """The version that a path means: a version's folder itself, or the newest version in a model's folder.

    As TF Serving does, only folders with an integer for a name count as versions.

    Raises:
        UsageError: It is neither; the message says what was found.
    """
    if (folder / SAVED_MODEL).is_file():
        return folder
    if not folder.is_dir():
        raise UsageError(f"model '{folder}' is not a folder; give a version, or a model's folder with versions in it")
    found = sorted(folder.iterdir())
    versions = [entry for entry in found if entry.name.isdecimal() and (entry / SAVED_MODEL).is_file()]
    if not versions:
        names = ", ".join(entry.name for entry in found[:5]) or "nothing"
        raise UsageError(
            f"model '{folder}' holds {names}, but neither {SAVED_MODEL} nor a numbered version with one; "
            "give a version, or a model's folder with versions in it"
        )
    return max(versions, key=lambda version: int(version.name))
