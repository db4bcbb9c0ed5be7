"""Beam's options: how they are spelt, and which of two wins."""

import os

import pytest

from pipeline.beam_settings import BeamSettings
from pipeline.settings import load_settings
from trainer.errors import UsageError

TWO_PROCESSES = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")


def beam(*arguments: str, overrides: tuple[str, ...] = ()) -> BeamSettings:
    return load_settings("sample", None, overrides, arguments).beam


def fault(*arguments: str, overrides: tuple[str, ...] = ()) -> str:
    with pytest.raises(UsageError) as refused:
        beam(*arguments, overrides=overrides)
    return str(refused.value)


def test_one_process_is_the_default() -> None:
    args = ["--runner=DirectRunner", "--direct_running_mode=in_memory", "--direct_num_workers=1"]
    assert BeamSettings().pipeline_args == args


def test_an_argument_replaces_the_option_of_its_name_and_leaves_the_others() -> None:
    assert beam("--job_name=mine", "--direct_running_mode=multi_threading").options == (
        "--direct_num_workers=1", "--job_name=mine", "--direct_running_mode=multi_threading"
    )  # fmt: skip


def test_an_argument_that_is_given_twice_is_passed_on_twice() -> None:
    overrides = ("beam.options=[--experiments=a, --direct_num_workers=1]",)
    assert beam("--experiments=b", "--experiments=c", overrides=overrides).options == (
        "--direct_num_workers=1", "--experiments=b", "--experiments=c"
    )  # fmt: skip


def test_the_runner_is_a_key_of_its_own() -> None:
    settings = beam("--runner=FlinkRunner", overrides=("beam.runner=SparkRunner",))
    assert settings.runner == "FlinkRunner"
    assert settings.pipeline_args[0] == "--runner=FlinkRunner"
    assert fault(overrides=("beam.options=[--runner=FlinkRunner]",)) == (
        "beam.options: --runner has a key of its own; set beam.runner"
    )
    assert fault("--runner") == "--beam.runner has no value; for example --beam.runner=DirectRunner"


def test_a_value_may_hold_anything() -> None:
    assert beam('--environment_config={"a": "b=c\n"}').options[-1] == '--environment_config={"a": "b=c\n"}'


def test_options_that_are_not_spelt_as_beam_spells_them_are_named() -> None:
    assert fault(overrides=("beam.options=[direct_num_workers=2, --ok=1, '2']",)) == (
        "beam.options: 'direct_num_workers=2', '2' is not --NAME=VALUE; for example --direct_num_workers=2"
    )
    assert fault("--direct_num_workers=2", overrides=("beam.options=5",)) == (
        "beam.options is 5: input should be a valid tuple"
    )
    assert fault("--direct_num_workers=2", overrides=("beam=5",)).startswith("beam is 5: ")


def test_several_workers_in_one_process_are_refused() -> None:
    assert fault("--direct_num_workers=2") == (
        "beam: direct_num_workers is 2, but in the running mode in_memory one worker does all; add "
        "--beam.direct_running_mode=multi_processing"
    )
    assert fault(overrides=("beam.options=[--direct_num_workers=4]",)).startswith("beam: direct_num_workers is 4")
    assert beam(*TWO_PROCESSES).options == TWO_PROCESSES


@pytest.mark.parametrize("workers, processes", [("1", 1), ("3", 3), ("0", len(os.sched_getaffinity(0)))])
def test_the_processes_are_those_of_the_option_and_0_is_one_for_each_core(workers: str, processes: int) -> None:
    options = ("--direct_running_mode=multi_processing", f"--direct_num_workers={workers}")
    assert BeamSettings(options=options).processes == processes
    assert BeamSettings(runner="FlinkRunner", options=()).processes == 1
