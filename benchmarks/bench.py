"""Measures the claims of speed, prints their table and keeps it.

::

    make bench          all, about an hour on 2 cores that do nothing else; writes results.json, results.md, results.png
    make bench-quick    all, in minutes and roughly; writes nothing
    python -m benchmarks.bench --only trained_head,tuner

Every claim is measured in a process of its own. CXR_REALDATA names a folder of real films, as the profile
``covid_chestxray`` wants it; without it drawn films alone are measured. The new figures are compared with the
committed ones. A claim that cannot be measured keeps its committed figures. Ends with 1 where a figure got worse or a
claim could not be measured, each of which is named.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.claim import Effort, Row
from benchmarks.machine import about
from benchmarks.plot import draw
from benchmarks.regression import comparable, gone, worse
from benchmarks.results import Measured, Results, page, table

HERE: Final = Path(__file__).parent
REAL: Final = "CXR_REALDATA"

#: Modules of ``claims`` in the order in which they are measured; one may measure two claims that share their work.
CLAIMS: Final = (
    "film_to_record", "ingest_workers", "study_input", "batches", "training_step", "trained_head", "tuner",
    "served_request", "client", "command_line", "evaluation",
)  # fmt: skip


class NotMeasuredError(Exception):
    """A claim's process failed; the message is one line."""


def measure(claim: str, effort: Effort) -> tuple[Row, ...]:
    """The rows of one module, measured in a new process, whose messages pass through.

    Raises:
        NotMeasuredError: The process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "benchmarks.one_claim", claim, str(written), str(effort.scratch)]
        command += ["--quick"] * effort.quick + (["--real", str(effort.real)] if effort.real else [])
        done = subprocess.run(command, cwd=HERE.parent, check=False)
        if done.returncode:
            raise NotMeasuredError(f"the claim {claim!r} ended with {done.returncode}; its messages are above")
        return tuple(Row.model_validate(row) for row in json.loads(written.read_text(encoding="utf-8")))


def main(arguments: Sequence[str] | None = None, claims: Sequence[str] = CLAIMS, folder: Path = HERE) -> None:
    """Measures, prints, compares, writes.

    Args:
        arguments: Of the command line; None = those of the process.
        claims: Names of modules of ``benchmarks.claims``.
        folder: Where the results stand and are written.
    """
    given = _arguments(arguments, claims)
    before, after = committed(folder / "results.json"), Results.read(folder / "results.json")
    now, faults = Results(), []
    with tempfile.TemporaryDirectory() as temporary:
        scratch = (given.scratch or Path(temporary)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        effort = Effort(given.quick, Path(os.environ[REAL]).resolve() if REAL in os.environ else None, scratch)
        for claim in given.only:
            try:
                measured = Measured(about=about(), rows=measure(claim, effort))
            except NotMeasuredError as error:
                faults.append(str(error))
                continue
            now, after = now.with_claim(claim, measured), after.with_claim(claim, measured)
            if not given.quick:  # after each, so that an interrupted hour is not lost
                after.write(folder / "results.json")
    print(table(now.rows))
    if now.claims and not given.quick:
        (folder / "results.md").write_text(page(after), encoding="utf-8")
        draw(after.rows, folder / "results.png")
    slower = worse(before.rows, now.rows)
    compared = len(list(comparable(before.rows, now.rows)))
    lines = [f"compared with committed figures: {compared} rows; worse: {len(slower)}", *faults, *slower]
    if not given.quick:  # whose films are fewer, so that few rows have a successor
        lines += gone(
            (row for name in now.claims if name in before.claims for row in before.claims[name].rows), now.rows
        )
    print("\n".join(lines), file=sys.stderr)
    raise SystemExit(1 if faults or slower else 0)


def committed(file: Path) -> Results:
    """The results in the last commit: the file itself may be of a run a moment ago. The file where there is no git."""
    try:
        shown = subprocess.run(
            ["git", "show", f"HEAD:./{file.name}"], cwd=file.parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return Results.read(file)
    return Results.model_validate_json(shown.stdout)


def _arguments(arguments: Sequence[str] | None, claims: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        if unknown := [name for name in text.split(",") if name not in claims]:
            raise argparse.ArgumentTypeError(
                f"{', '.join(map(repr, unknown))} is no claim; there are {', '.join(claims)}"
            )
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="minutes, roughly; nothing is written")
    parser.add_argument(
        "--only", type=names, default=list(claims), metavar="NAMES", help=f"of {', '.join(claims)}, with commas between"
    )
    parser.add_argument("--scratch", type=Path, help="keeps drawn films between runs (3 GB); else a temporary folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
