"""``--beam.NAME``: one option of ours for all of Beam's."""

import click
import pytest
from click.testing import CliRunner

from cxr.beam_options import BeamCommand, beam_option


@click.command(cls=BeamCommand)
@click.option("--set", "overrides", multiple=True)
@click.option("--json", "as_json", is_flag=True)
@beam_option
def command(beam: tuple[str, ...], overrides: tuple[str, ...], as_json: bool) -> None:
    click.echo(repr((beam, overrides, as_json)))


def run(*arguments: str) -> str:
    return CliRunner().invoke(command, arguments).output.strip()


@pytest.mark.parametrize(
    "arguments, beam",
    [
        ([], ()),
        (["--beam.runner", "FlinkRunner"], ("--runner=FlinkRunner",)),
        (["--beam.runner=FlinkRunner"], ("--runner=FlinkRunner",)),
        (["--beam.experiments", "a", "--beam.experiments=b"], ("--experiments=a", "--experiments=b")),
        (["--beam.parallelism", "-1"], ("--parallelism=-1",)),
        (["--beam.environment_config", '{"a": "b=c d"}'], ('--environment_config={"a": "b=c d"}',)),
        (["--beam.job_name="], ("--job_name=",)),
        (["--beam.save_main_session"], ("--save_main_session",)),
        (["--beam.save_main_session", "--beam.job_name", "x"], ("--save_main_session", "--job_name=x")),
    ],
)
def test_any_name_becomes_an_option_of_beam(arguments: list[str], beam: tuple[str, ...]) -> None:
    assert run(*arguments) == repr((beam, (), False))


def test_the_other_options_stay_as_they_are() -> None:
    assert run("--set", "a=1", "--beam.streaming", "--json", "--set=b=2") == repr(
        (("--streaming",), ("a=1", "b=2"), True)
    )


@pytest.mark.parametrize("argument", ["--beam.", "--beam.=x", "--beam.2x=1", "--beem.runner=x", "--beam", "beam.x=1"])
def test_what_is_no_option_of_beam_stays_wrong_use(argument: str) -> None:
    result = CliRunner().invoke(command, [argument])
    assert result.exit_code == 2
    assert "No such option" in result.output or "unexpected extra argument" in result.output


def test_the_help_says_how_to_give_them() -> None:
    assert "--beam.NAME VALUE" in run("--help")
