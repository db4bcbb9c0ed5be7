"""When a recurring run starts: a cron expression as Kubeflow Pipelines reads it, checked before anything is sent."""

import re
from dataclasses import dataclass
from typing import Final

from trainer.errors import UsageError

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART: Final = re.compile(r"(?:[*?]|(?P<low>\w+)(?P<range>-(?P<high>\w+))?)(?:/(?P<step>\d+))?")
_DAYS: Final = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True)
class Field:
    """A field of the expression.

    Attributes:
        name: As messages have it.
        lowest, highest: Numbers that are allowed, both included.
        names: Of the numbers from the lowest on; empty where they have none.
    """

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may stand in it, for a message."""
        words = f" or {self.names[0].upper()} to {self.names[-1].upper()}" if self.names else ""
        return f"{self.lowest} to {self.highest}{words}, lists (1,2), ranges (1-3), steps (*/2) and *"


#: Seconds first, as robfig/cron has them (version 1, https://pkg.go.dev/github.com/robfig/cron), which Kubeflow uses.
FIELDS: Final = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("weekday", 0, 6, _WEEKDAYS),
)
#: Each at its first second, in the time zone of the cluster's schedules.
SHORTHANDS: Final = ("@hourly", "@daily", "@weekly", "@monthly")


def check_cron(text: str) -> str:
    """The expression with one blank between two fields.

    Kubeflow itself takes five fields, too, and reads them as all but the weekday: what crontab calls Mondays at 3:00,
    ``0 3 * * 1``, would be every hour of January.

    Raises:
        UsageError: A field is faulty, a line for each; there are not six; a run would start more than once a minute, or
            never.
    """
    if text.strip() in SHORTHANDS:
        return text.strip()
    given = text.split()
    if len(given) != len(FIELDS):
        raise UsageError(
            f"--cron '{text}' has {len(given)} fields; Kubeflow reads six, {' '.join(field.name for field in FIELDS)}, "
            f"such as '0 0 3 * * 1' for Mondays at 3:00; or give one of {', '.join(SHORTHANDS)}"
        )
    values = [_values(part, field) for part, field in zip(given, FIELDS, strict=True)]
    faults = [
        f"--cron '{text}': {field.name} is '{part}'; allowed are {field.allowed}"
        for part, field, found in zip(given, FIELDS, values, strict=True)
        if not found
    ]
    if len(values[0]) > 1:
        faults.append(f"--cron '{text}': second is '{given[0]}', several starts a minute; give one number, 0 to 59")
    days, months = values[3], values[4]
    if days and months and given[5] in ("*", "?") and min(days) > max(_DAYS.get(month, 31) for month in months):
        faults.append(f"--cron '{text}': day is '{given[3]}', which no month of '{given[4]}' has; it would never start")
    if faults:
        raise UsageError("\n".join(faults))
    return " ".join(given)


def _values(text: str, field: Field) -> set[int]:
    """The numbers that a field stands for; none where it is faulty."""
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return set()
        low, high = _number(match["low"], field, field.lowest), _number(match["high"], field, field.highest)
        if match["low"] and not match["range"] and not match["step"]:
            high = low
        step = int(match["step"] or 1)
        if not field.lowest <= low <= high <= field.highest or step == 0:
            return set()
        found |= set(range(low, high + 1, step))
    return found


def _number(text: str | None, field: Field, default: int) -> int:
    """The number, or that of a name; -1, which no field allows, for any other text."""
    if text is None:
        return default
    if text.lower() in field.names:
        return field.lowest + field.names.index(text.lower())
    return int(text) if text.isascii() and text.isdigit() else -1
