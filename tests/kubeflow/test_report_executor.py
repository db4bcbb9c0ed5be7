"""What the report on Kubeflow is written from; the whole run shows the rest."""

from typing import Any

import pytest
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact, _encode_struct_value

from components.release_gate.settings import GateSettings
from kubeflow.report_executor import MADE_BY, _nodes, _settings
from pipeline.settings import load_settings
from trainer.settings import TrainerSettings


def test_the_settings_are_those_of_the_run_over_the_compiled_ones() -> None:
    compiled = load_settings("sample", None, ["data.root=/films", "data.image_size=64", "data.max_rejected=0.2"])
    run = compiled.data.model_copy(update={"seed": 9, "root": "/other"})
    properties = {
        "settings": compiled.model_dump_json(exclude={"kubeflow"}),
        "data_settings": run.model_dump_json(exclude={"image_size", "max_rejected"}),
        "trainer_settings": TrainerSettings(epochs=3).model_dump_json(),
        "gate_settings": GateSettings(min_recall=0.5).model_dump_json(),
    }
    assert _settings(properties) == compiled.model_copy(
        update={"data": run, "trainer": TrainerSettings(epochs=3), "gate": GateSettings(min_recall=0.5)}
    )


@pytest.mark.parametrize("number", [0, 1])
def test_whether_a_model_was_pushed_is_read_as_kubeflow_stores_it(number: int) -> None:
    pushed = standard_artifacts.PushedModel()
    pushed.mlmd_artifact.custom_properties["pushed"].struct_value.CopyFrom(_encode_struct_value(float(number)))
    artifacts: dict[str, list[Artifact]] = {"pushed": [pushed]}
    assert _nodes(artifacts)["Pusher"].outputs["pushed"].custom_properties["pushed"].int_value == number


def test_every_input_is_an_output_of_a_compiled_component(spec: dict[str, Any]) -> None:
    for key, value in spec["root"]["dag"]["tasks"]["Report"]["inputs"]["artifacts"].items():
        source = value["taskOutputArtifact"]
        assert (source["producerTask"], source["outputArtifactKey"]) == MADE_BY[key]
