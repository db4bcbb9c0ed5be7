"""What Beam says of a runner and its options before anything runs."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from pipeline.beam_check import check_beam
from pipeline.beam_settings import BeamSettings
from pipeline.settings import load_settings
from trainer.errors import UsageError


def fault(runner: str = "DirectRunner", *options: str) -> str:
    with pytest.raises(UsageError) as refused:
        check_beam(BeamSettings(runner=runner, options=options))
    return str(refused.value)


@pytest.mark.parametrize(
    "runner, options",
    [
        ("DirectRunner", BeamSettings().options),
        ("DirectRunner", ("--direct_running_mode=multi_processing", "--direct_num_workers=2", "--save_main_session")),
        ("direct", ()),
        ("apache_beam.runners.direct.direct_runner.DirectRunner", ()),
        ("PortableRunner", ("--job_endpoint=localhost:8099", "--environment_type=EXTERNAL", "--parallelism=4")),
        ("FlinkRunner", ("--flink_master=localhost:8081", "--checkpointing_interval=1000")),
    ],
)
def test_these_pass(runner: str, options: tuple[str, ...]) -> None:
    check_beam(BeamSettings(runner=runner, options=options))


def test_a_runner_that_is_not_known_is_named_with_those_that_are() -> None:
    line = fault("FlinkRuner")
    assert line.startswith("beam.runner 'FlinkRuner' is not one of DataflowRunner, ")
    assert "FlinkRunner, PortableRunner, " in line
    assert "Test" not in line


@pytest.mark.parametrize("name", ["nowhere.Runner", "os.Runner", "os.path"])
def test_a_runner_that_cannot_be_made_is_named(name: str) -> None:
    assert fault(name).startswith(f"beam.runner '{name}' cannot be made: ")


def test_a_value_that_an_option_does_not_take_is_one_line() -> None:
    assert fault("DirectRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=two") == (
        "beam.options: argument --direct_num_workers: invalid int value: 'two'"
    )


def test_an_option_that_the_runner_of_this_machine_does_not_have_is_named_with_the_nearest() -> None:
    assert fault("DirectRunner", "--direct_workers=1") == (
        "beam.options: --direct_workers is not an option of DirectRunner; did you mean --direct_num_workers?"
    )


@pytest.mark.parametrize(
    "component, message",
    [
        ({"runner": "FlinkRuner"}, "beam.components.Evaluator.runner 'FlinkRuner' is not one of DataflowRunner, "),
        (
            {"options": ["--direct_workers=1"]},
            "beam.components.Evaluator.options: --direct_workers is not an option of",
        ),
        (
            {"runner": "FlinkRunner", "options": ["--flink_version=2.0"]},
            "beam.components.Evaluator.options: argument --flink_version: invalid choice: '2.0'",
        ),
    ],
)
def test_the_runner_of_a_component_is_asked_too(component: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_beam(BeamSettings(components={"Evaluator": component}))
    assert str(refused.value).startswith(message)


DOCUMENTED = (Path(__file__).parents[2] / "docs" / "beam.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\.venv/bin/cxr (run [^\\\n]*(?:\\\n[^\\\n]*)*)", DOCUMENTED, re.M)


@pytest.mark.parametrize("command", [command.replace("\\\n", "") for command in COMMANDS])
def test_the_runners_and_options_of_the_documentation_pass(command: str) -> None:
    from cxr.run import command as run

    verb, *arguments = shlex.split(command)
    given = run.make_context(verb, arguments).params
    check_beam(load_settings("sample", None, given["overrides"], given["beam"]).beam)


def test_the_documentation_shows_every_runner_that_it_names() -> None:
    runners = set(re.findall(r"--beam.runner (\w+Runner) ", " ".join(COMMANDS)))
    assert runners == {"PortableRunner", "FlinkRunner", "SparkRunner", "DataflowRunner"}
