"""Options of Beam on the command line: ``--beam.NAME VALUE`` for any NAME that Beam has."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click

_GIVEN: Final = re.compile(r"--beam\.([A-Za-z][\w-]*)(=.*)?", re.DOTALL)
_NEXT_OPTION: Final = re.compile(r"--?[A-Za-z]")

Function = Callable[..., Any]


class BeamCommand(click.Command):
    """A command whose option :func:`beam_option` stands for all of Beam's, which are known to nobody but Beam."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses arguments as click does, Beam's under the one name that click knows."""
        return super().parse_args(ctx, list(_renamed(args)))


def beam_option(function: Function) -> Function:
    """The parameter ``beam``: a tuple of ``--NAME=VALUE``, in the order given."""
    option: Function = click.option(
        "--beam.NAME",
        "beam",
        multiple=True,
        metavar="VALUE",
        help="Beam's option --NAME=VALUE, over those of the settings; --beam.runner names the runner.",
    )(function)
    return option


def _renamed(arguments: Sequence[str]) -> Iterator[str]:
    rest = iter(range(len(arguments)))
    for index in rest:
        argument = arguments[index]
        given = _GIVEN.fullmatch(argument)
        if argument == "--":
            yield from arguments[index:]
            return
        if given is None:
            yield argument
            continue
        name, value = given.groups()
        if value is None and index + 1 < len(arguments) and not _NEXT_OPTION.match(arguments[index + 1]):
            value = f"={arguments[next(rest)]}"
        yield f"--beam.NAME=--{name}{value or ''}"  # without a value: one of Beam's switches
