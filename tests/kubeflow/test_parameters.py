"""The parameters of a run are checked as settings are."""

import json

import pytest

from components.release_gate.settings import GateSettings
from kubeflow.parameters import RUN_PARAMETERS, read_parameter
from trainer.errors import UsageError
from trainer.settings import TrainerSettings


def test_a_group_is_read_by_the_model_of_the_settings() -> None:
    assert read_parameter("gate_settings", '{"min_recall": 0.9}') == GateSettings(min_recall=0.9)
    assert read_parameter("trainer_settings", TrainerSettings().model_dump_json()) == TrainerSettings()
    assert read_parameter("data_digest", "films of May") == "films of May"


@pytest.mark.parametrize(
    "name, text, lines",
    [
        (
            "trainer_settings", '{"epochs": 0, "epoch": 3}',
            ["trainer_settings.epochs is 0: input should be greater than or equal to 1",
             "trainer_settings.epoch is not a setting; did you mean trainer_settings.epochs?"],
        ),
        (
            "gate_settings", "min_recall: 1",
            ["run parameter gate_settings is no JSON: expected value at line 1 column 1; give an object such as the "
             "default"],
        ),
        ("data_settings", '{"sources": []}', None),
        ("data_digest", " ", ["run parameter data_digest is empty; give a new text, or 'auto'"]),
    ],
)  # fmt: skip
def test_every_fault_is_a_line(name: str, text: str, lines: list[str] | None) -> None:
    with pytest.raises(UsageError) as told:
        read_parameter(name, text)
    given = str(told.value).splitlines()
    if lines is None:
        assert any(line.startswith("data_settings.findings is missing") for line in given)
    else:
        assert given == lines


def test_every_group_of_a_run_parameter_has_a_description_and_nodes() -> None:
    for name, parameter in RUN_PARAMETERS.items():
        assert parameter.nodes, name
        assert json.dumps(parameter.description)
