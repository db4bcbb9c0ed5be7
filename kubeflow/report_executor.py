"""Moves a run's artifacts into the report that a run on one machine ends with."""

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.manifest_gen.settings import DataSettings
from components.release_gate.settings import GateSettings
from pipeline.lineage import NodeRun
from pipeline.outcome import outcome_of_success
from pipeline.report.collect import collect
from pipeline.report.places import Step, places_of
from pipeline.report.write import write_collected
from pipeline.settings import RunSettings
from trainer.settings import TrainerSettings

#: Input -> the node and the output that it is.
MADE_BY: Final = {
    "manifest": ("ManifestGen", "manifest"),
    "rejected": ("XrayExampleGen", "rejected"),
    "examples": ("XrayExampleGen", "examples"),
    "audit": ("DataAudit", "audit"),
    "trials": ("Tuner", "tuner_results"),
    "model": ("Trainer", "model"),
    "predictions": ("Score", "predictions"),
    "shortcuts": ("ShortcutAudit", "shortcuts"),
    "blessing": ("ReleaseGate", "blessing"),
    "pushed": ("Pusher", "pushed"),
}


class Executor(base_executor.BaseExecutor):
    """Executor of Report."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``report.html`` and ``model_card.md``."""
        settings = _settings(exec_properties)
        nodes = _nodes(input_dict)
        with tempfile.TemporaryDirectory() as place:  # gets a copy of the manifest, which the store has already
            result = outcome_of_success(nodes, Path(place, "manifest"), Path(exec_properties["model_folder"]))
        # What ran, for how long, and what came from the cache, Kubeflow knows and does not tell a pod.
        result = result.model_copy(update={"components": {}})
        folder = Path(artifact_utils.get_single_uri(output_dict["report"]))
        data = collect(
            places_of(nodes),
            result,
            settings,
            folder,
            show_films=settings.report.shows_films(drawn=False),
            steps=[Step(node, "done", 0.0) for node in nodes],
            digests={"data": exec_properties["data_digest"], **json.loads(exec_properties["digests"])},
        )
        write_collected(data, folder)


def _settings(properties: dict[str, Any]) -> RunSettings:
    """The compiled settings with this run's own groups."""
    settings = RunSettings.model_validate_json(properties["settings"])
    data = DataSettings.model_validate_json(properties["data_settings"])
    kept = {name: getattr(settings.data, name) for name in ("image_size", "max_rejected")}
    return settings.model_copy(
        update={
            "data": data.model_copy(update=kept),
            "trainer": TrainerSettings.model_validate_json(properties["trainer_settings"]),
            "gate": GateSettings.model_validate_json(properties["gate_settings"]),
        }
    )


def _nodes(input_dict: dict[str, list[types.Artifact]]) -> dict[str, NodeRun]:
    nodes: dict[str, NodeRun] = {}
    for key, (node, output) in MADE_BY.items():
        if artifacts := input_dict.get(key):
            run = nodes.setdefault(node, NodeRun(node, "ran", 0.0, {}))
            run.outputs[output] = artifacts[0].mlmd_artifact
    # On Kubeflow a custom number comes back inside a struct, where only TFX's own accessor finds it.
    pushed = artifact_utils.get_single_instance(input_dict["pushed"])
    number = pushed.get_int_custom_property("pushed")
    pushed.mlmd_artifact.custom_properties["pushed"].int_value = number
    return nodes
