"""Beam's options: how they are spelt, and which of two wins."""

import os

import pytest

from pipeline.beam_settings import BEAM_NODES, WORKERS, BeamSettings, works_elsewhere
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
        "beam.options: --runner is a key of its own, beside the options: runner"
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
        "beam: direct_num_workers is 2, but in the running mode in_memory one worker does all; "
        "direct_running_mode has to be multi_processing"
    )
    assert fault(overrides=("beam.options=[--direct_num_workers=4]",)).startswith("beam: direct_num_workers is 4")
    assert beam(*TWO_PROCESSES).options == TWO_PROCESSES


@pytest.mark.parametrize("workers, processes", [("1", 1), ("3", 3), ("0", len(os.sched_getaffinity(0)))])
def test_the_processes_are_those_of_the_option_and_0_is_one_for_each_core(workers: str, processes: int) -> None:
    options = ("--direct_running_mode=multi_processing", f"--direct_num_workers={workers}")
    assert BeamSettings(options=options).processes == processes
    assert BeamSettings(runner="FlinkRunner", options=()).processes == 1


def test_what_is_not_said_of_workers_is_as_beam_has_it_and_the_other_options_stay() -> None:
    from apache_beam.options.pipeline_options import DirectOptions

    settings = beam("--job_name=mine", "--direct_running_mode=multi_processing", overrides=("beam.options=[]",))
    assert settings.workers == {"direct_running_mode": "multi_processing", "direct_num_workers": "1"}
    assert settings.other_options == ["--job_name=mine"]

    beams_own = DirectOptions([]).get_all_options()
    assert BeamSettings(options=()).workers == {name: str(beams_own[name]) for name in WORKERS}


FLINK = "beam.components.XrayExampleGen={runner: FlinkRunner, options: [--parallelism=4]}"


def test_a_component_has_its_own_runner_and_takes_nothing_of_the_others() -> None:
    settings = beam(*TWO_PROCESSES, overrides=(FLINK,))
    assert settings.of("XrayExampleGen").pipeline_args == ["--runner=FlinkRunner", "--parallelism=4"]
    for node in set(BEAM_NODES) - {"XrayExampleGen"}:
        assert settings.of(node).pipeline_args == ["--runner=DirectRunner", *TWO_PROCESSES]


def test_the_command_line_speaks_of_those_without_their_own() -> None:
    settings = beam("--runner=SparkRunner", overrides=(FLINK,))
    assert (settings.runner, settings.of("XrayExampleGen").runner) == ("SparkRunner", "FlinkRunner")


@pytest.mark.parametrize("cores, workers", [(2, 2), (3, 3), (64, 4)])
def test_with_many_films_what_reads_them_gets_processes(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert beam().for_films(2999) == BeamSettings()
    settings = beam().for_films(3000)
    several = ["--runner=DirectRunner", "--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"]
    assert settings.of("ManifestGen").pipeline_args == settings.of("XrayExampleGen").pipeline_args == several
    for node in ("StatisticsGen", "Evaluator"):
        assert settings.of(node).pipeline_args == BeamSettings().pipeline_args


def test_whoever_says_anything_of_beam_or_has_one_core_keeps_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    for settings in (beam("--direct_num_workers=1"), beam(overrides=("beam.runner=DirectRunner",)), beam("--runner=X")):
        assert settings.for_films(1_000_000) is settings
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert beam().for_films(1_000_000) == BeamSettings()


def test_the_cores_are_shared_by_the_processes_of_the_component_that_has_the_most() -> None:
    many = "beam.components.Evaluator.options=[--direct_running_mode=multi_processing, --direct_num_workers=3]"
    assert beam(*TWO_PROCESSES, overrides=(many,)).most_processes == 3
    assert beam(*TWO_PROCESSES, overrides=(FLINK,)).most_processes == 2


@pytest.mark.parametrize(
    "override, message",
    [
        (
            "beam.components={XrayExampleGn: {}, Trainer: {}}",
            "beam.components: 'XrayExampleGn' is no component that works in Beam; did you mean XrayExampleGen?; "
            "'Trainer' is no component that works in Beam; known are ManifestGen, XrayExampleGen, StatisticsGen, "
            "Evaluator",
        ),
        ("beam.components=[Evaluator]", "beam.components is list: input should be a valid dictionary"),
        (
            "beam.components.Evaluator.runer=FlinkRunner",
            "beam.components.Evaluator.runer is not a setting; did you mean beam.components.runner?",
        ),
        (
            "beam.components.Evaluator.options=[--runner=FlinkRunner]",
            "beam.components.Evaluator.options: --runner is a key of its own, beside the options: runner",
        ),
        (
            "beam.components.Evaluator.options=[--direct_num_workers=2]",
            "beam.components.Evaluator: direct_num_workers is 2, but in the running mode in_memory one worker does "
            "all; direct_running_mode has to be multi_processing",
        ),
    ],
)
def test_a_fault_of_a_component_is_named_with_it(override: str, message: str) -> None:
    assert fault(overrides=(override,)) == message


@pytest.mark.parametrize(
    "runner, elsewhere",
    [
        ("DirectRunner", False),
        ("direct", False),
        ("apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner", False),
        ("FlinkRunner", True),
        ("portable", True),
        ("directory.OtherRunner", True),
    ],
)
def test_a_direct_runner_works_on_the_machine_that_starts_it_and_no_other_does(runner: str, elsewhere: bool) -> None:
    assert works_elsewhere(runner) is elsewhere
