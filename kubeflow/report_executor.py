"""Moves a run's artifacts into the report that a run on one machine ends with, or into one of its data alone."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.manifest_gen.settings import DataSettings
from components.release_gate.settings import GateSettings
from pipeline.lineage import NodeRun
from pipeline.outcome import outcome_of_data, outcome_of_success
from pipeline.report.collect import collect
from pipeline.report.data import Verdict
from pipeline.report.places import Step, places_of
from pipeline.report.write import write_collected
from pipeline.result import RunResult
from pipeline.runtime import LOGGER
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
#: Those of DataReport.
OF_DATA: Final = ("manifest", "rejected", "audit")
ACCEPTED: Final = Verdict(
    "Data accepted",
    "No check of the data audit says stop, and training may begin. How the run ends stands in Report's report.",
    "plain",
)


class Executor(base_executor.BaseExecutor):
    """Executor of DataReport and of Report."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``report.html`` and ``model_card.md``.

        A report of the data that cannot be written keeps nobody from training on them.
        """
        try:
            _write(input_dict, output_dict, exec_properties)
        except Exception as error:
            if "blessing" in input_dict:
                raise
            LOGGER.exception("the report of the data could not be written (%s)", error)


def _write(
    input_dict: dict[str, list[types.Artifact]],
    output_dict: dict[str, list[types.Artifact]],
    exec_properties: dict[str, Any],
) -> None:
    settings = _settings(exec_properties)
    nodes = _nodes(input_dict)
    with tempfile.TemporaryDirectory() as place:  # gets a copy of the manifest, which the store has already
        result, verdict = _outcome(nodes, Path(place, "manifest"), Path(exec_properties["model_folder"]))
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
        verdict=verdict,
    )
    write_collected(data, folder)


def _outcome(nodes: Mapping[str, NodeRun], manifest: Path, model_folder: Path) -> tuple[RunResult, Verdict | None]:
    """How the run stands, and what is on top of the report; None = what the result says."""
    if "ReleaseGate" in nodes:
        return outcome_of_success(nodes, manifest, model_folder), None
    result = outcome_of_data(nodes, manifest)
    return result, None if result.status == "refused_data" else ACCEPTED


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
    if artifacts := input_dict.get("pushed"):
        # On Kubeflow a custom number comes back inside a struct, where only TFX's own accessor finds it.
        number = artifacts[0].get_int_custom_property("pushed")
        artifacts[0].mlmd_artifact.custom_properties["pushed"].int_value = number
    return nodes
