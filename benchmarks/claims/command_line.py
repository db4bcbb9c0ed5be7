"""Claim 11: seconds of the command line: its help, a run in which nothing has changed, the demo by component."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.claim import Effort, Goal, Row
from benchmarks.pairs import seconds

COMMAND: Final = str(Path(sys.executable).with_name("cxr"))
LIMIT: Final = 360.0  #: of the demo, seconds
#: A run of a minute instead of the demo's minutes; what is decided when nothing has changed is the same.
SMALL: Final = (
    *("sample.patients=20", "data.image_size=64", "trainer.backbone=cnn", "trainer.weights=random"),
    *("trainer.epochs=1", "trainer.feature_views=0", "gate.min_recall=0", "gate.min_specificity=0"),
)


def run(root: Path, settings: Sequence[str] = ()) -> dict[str, Any]:
    """``cxr run`` on drawn films in a process of its own; the object that it prints.

    Raises:
        RuntimeError: It pushed nothing and found nothing unchanged.
    """
    overrides = [text for setting in settings for text in ("--set", setting)]
    done = subprocess.run(
        [COMMAND, "run", "--profile", "sample", "--root", str(root), "--json", *overrides],
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"cxr run ended with {done.returncode}; its messages are above, its logs in {root / 'logs'}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def unchanged(root: Path, settings: Sequence[str] = ()) -> None:
    """The same run again.

    Raises:
        RuntimeError: Something has changed.
    """
    if (status := run(root, settings)["status"]) != "unchanged":
        raise RuntimeError(f"the same run again is {status}, not unchanged: was code edited meanwhile?")


def show_help() -> None:
    """``cxr --help``."""
    subprocess.run([COMMAND, "--help"], stdout=subprocess.DEVNULL, check=True)


def demo_rows(components: Mapping[str, Mapping[str, Any]], whole: float) -> list[Row]:
    """The demo as a whole and by component, the longest first.

    Args:
        components: Component -> ``{"seconds": ...}``, as ``cxr run --json`` prints them.
        whole: Seconds of the command.
    """
    taken = {name: float(component["seconds"]) for name, component in components.items()}
    taken["start, report and between components"] = whole - sum(taken.values())
    parts = sorted(taken.items(), key=lambda part: -part[1])
    return [
        _row(
            f"cxr run --profile sample on a fresh root; its limit is {LIMIT / 60:g} minutes",
            [whole],
            LIMIT,
            "run once; by component below",
        ),
        *(_row(f"of the demo: {name}", [value], ours=f"{value / whole:.0%}") for name, value in parts),
    ]


def measure(effort: Effort) -> list[Row]:
    """Seconds of each command."""
    root = effort.scratch / ("root-small" if effort.quick else "root-demo")
    settings = SMALL if effort.quick else ()
    if not effort.quick:  # a small root is kept: of it only the second run counts
        shutil.rmtree(root, ignore_errors=True)
    said: dict[str, Any] = {}
    whole = seconds(lambda: said.update(run(root, settings)))
    show_help()
    help_seconds = [seconds(show_help) for _ in range(effort.pairs)]
    again = [seconds(lambda: unchanged(root, settings)) for _ in range(effort.pairs)]
    films = sum(sum(splits.values()) for splits in said["films"].values())
    rows = [
        _row("cxr --help", help_seconds, 0.5),
        _row(f"cxr run in which nothing has changed, {films} films", again, 4.0),
    ]
    return rows if effort.quick else rows + demo_rows(said["components"], whole)


def _row(what: str, values: Sequence[float], limit: float | None = None, note: str = "", ours: str = "") -> Row:
    goal = None if limit is None else Goal(way="at most", bound=limit)
    return Row(
        claim=11, what=what, against="a limit" if goal else "", unit="s", values=tuple(values), goal=goal, note=note,
        ours=ours,
    )  # fmt: skip
