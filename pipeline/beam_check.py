"""Whether Beam knows the runner and its options, asked before anything runs. Importing this imports Beam."""

import contextlib
import difflib
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.direct.direct_runner import SwitchingDirectRunner
from apache_beam.runners.runner import create_runner

from pipeline.beam_settings import BeamRunner, BeamSettings
from trainer.errors import UsageError

#: Beam's own tests, and what needs a notebook.
_NOT_FOR_RUNS: Final = ("Test", "Interactive")


def check_beam(settings: BeamSettings) -> None:
    """Makes every runner and reads its options as Beam will.

    Beam itself would end the process on a value of the wrong type, and would drop an option that it does not know.

    Raises:
        UsageError: No such runner; a value that the option does not take; on this machine's own runner, an option
            that Beam does not have (others hear of more options from their job server).
    """
    _check("beam", settings)
    for node, runner in settings.components.items():
        _check(f"beam.components.{node}", runner)


def _check(group: str, settings: BeamRunner) -> None:
    runner = _create(group, settings.runner)
    known = _read(group, [])
    given = _read(group, settings.options)
    unknown = sorted(set(given) - set(known))
    if unknown and isinstance(runner, SwitchingDirectRunner):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean --{near[0]}?" if near else "Beam's documentation of PipelineOptions lists them"
        raise UsageError(f"{group}.options: --{unknown[0]} is not an option of {settings.runner}; {hint}")


def _create(group: str, name: str) -> Any:
    try:
        return create_runner(name)
    except ValueError:
        known = [known for known in StandardOptions.KNOWN_RUNNER_NAMES if not known.startswith(_NOT_FOR_RUNS)]
        raise UsageError(
            f"{group}.runner '{name}' is not one of {', '.join(known)}; name one of them, or module.Class of another"
        ) from None
    except (ImportError, AttributeError, TypeError) as error:
        raise UsageError(f"{group}.runner '{name}' cannot be made: {error}; is its package installed?") from error


def _read(group: str, options: Sequence[str]) -> Mapping[str, Any]:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            values: Mapping[str, Any] = PipelineOptions(list(options)).get_all_options(retain_unknown_options=True)
    except SystemExit:  # argparse's way to refuse a value, after it has printed the usage
        reason = printed.getvalue().strip().rpartition("error: ")[2]
        raise UsageError(f"{group}.options: {reason}") from None
    return values
