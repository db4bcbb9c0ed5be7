"""Pushes a blessed model, once, with its metrics, its statistics, and hashes of its films."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.files import DECISION_FILE, PREDICTIONS_FILE
from components.manifest_gen.manifest import read_manifest
from components.pusher.publish import STATISTICS, digest_of, is_complete, publish, versions
from components.pusher.reference import reference
from components.pusher.statistics import copy_statistics
from components.pusher.training_films import training_films
from components.release_gate.decision import Decision
from trainer.errors import RunError
from trainer.features import EVAL, TRAIN
from trainer.film_hashes import TRAINING_FILMS
from trainer.predictions import read_predictions
from trainer.samples import REFERENCE
from trainer.servable import ModelInfo


class Executor(base_executor.BaseExecutor):
    """Executor of Pusher."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Publishes, unless the model is not blessed or is what is served already.

        Raises:
            RunError: The serving folder cannot be written.
        """
        pushed = artifact_utils.get_single_instance(output_dict["pushed"])
        pushed.set_int_custom_property("pushed", 0)
        decision_file = Path(artifact_utils.get_single_uri(input_dict["blessing"]), DECISION_FILE)
        decision = Decision.model_validate_json(decision_file.read_text(encoding="utf-8"))
        if decision.status != "blessed":
            return
        model = artifact_utils.get_single_instance(input_dict["model"])
        servable = Path(path_utils.serving_model_path(model.uri))
        model_folder = Path(exec_properties["model_folder"])
        content_digest = digest_of(servable)
        served = versions(model_folder)
        if served and _holds(served[-1], content_digest):
            return
        statistics = Path(artifact_utils.get_single_uri(input_dict["statistics"]))
        records = [Path(artifact_utils.get_split_uri(input_dict["examples"], split)) for split in (TRAIN, EVAL)]
        manifest = Path(artifact_utils.get_single_uri(input_dict["manifest"]))
        predictions = Path(artifact_utils.get_single_uri(input_dict["predictions"]), PREDICTIONS_FILE)

        def complete(folder: Path) -> None:
            info = ModelInfo.read(folder)
            info.model_copy(
                update={
                    "content_digest": content_digest,
                    "plan_digest": exec_properties["plan_digest"],
                    "metrics": {**info.metrics, "test": decision.metrics},
                    "gate": tuple(rule.model_dump() for rule in decision.rules),
                    "notes": (*info.notes, *decision.warnings),
                }
            ).write(folder)
            copy_statistics(statistics, folder / STATISTICS)
            in_use = reference(records[0], info.image_size, read_manifest(manifest), read_predictions(predictions))
            (folder / STATISTICS / REFERENCE).write_bytes(in_use.SerializeToString(deterministic=True))
            training_films(records, exec_properties["key_id"]).write(folder / TRAINING_FILMS)

        version = publish(servable, model_folder, exec_properties["version"], complete)
        pushed.set_int_custom_property("pushed", 1)
        pushed.set_string_custom_property("pushed_destination", str(version))
        pushed.set_string_custom_property("pushed_version", version.name)


def _holds(version: Path, content_digest: str) -> bool:
    """Whether a served version is that content; one that is not understood is not."""
    try:
        return is_complete(version) and ModelInfo.read(version).content_digest == content_digest
    except (RunError, OSError, UnicodeDecodeError):
        return False
