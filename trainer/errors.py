"""The one exception tree. Each message is one line for a person: the thing, its value, what is allowed, the next step.

CxrError
├── UsageError      wrong use, settings out of range (exit code 2)
│   └── SourceError     sources that cannot be read at all
├── RefusedError    a gate said no (exit code 3)
└── RunError        anything expected that went wrong on the way (exit code 1)
    └── DivergedError   a training whose loss or weights are no numbers any more
"""

from typing import ClassVar


class CxrError(Exception):
    """An expected failure. Catch this to tell the user; everything else is a bug and keeps its traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(CxrError):
    """Wrong use of a command or settings that are out of range."""

    exit_code = 2


class SourceError(UsageError):
    """A source of films that cannot be read at all: no folder, no metadata, no usable column."""


class RefusedError(CxrError):
    """A gate has refused the data or the model."""

    exit_code = 3


class RunError(CxrError):
    """The run could not go on: a film changed under it, weights out of reach, a second run on the same root."""


class DivergedError(RunError):
    """A training has come to a loss or a weight that is no number."""
