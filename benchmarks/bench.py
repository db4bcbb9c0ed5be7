"""Measures the claims of speed, prints their table and keeps it.

::

    make bench          all, about an hour on 2 cores that do nothing else; writes results.json, results.md, results.png
    make bench-quick    all, in minutes and roughly; writes nothing
    python -m benchmarks.bench --only trained_head,tuner

Every claim is measured in a process of its own. CXR_REALDATA names a folder of real films, as the profile
``covid_chestxray`` wants it; without it drawn films alone are measured. The new figures are compared with the
committed ones: what got worse is named, and the command then ends with 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.claim import Effort, Row
from benchmarks.machine import about
from benchmarks.regression import worse
from benchmarks.results import Results, draw, page, table

HERE: Final = Path(__file__).parent
REAL: Final = "CXR_REALDATA"

#: Modules of ``claims`` in the order in which they are measured; one may measure two claims that share their work.
CLAIMS: Final = (
    "film_to_record", "ingest_workers", "study_input", "batches", "training_step", "trained_head", "tuner",
    "served_request", "client", "command_line", "evaluation",
)  # fmt: skip


def measure(claim: str, effort: Effort) -> tuple[Row, ...]:
    """The rows of one module, measured in a new process, whose messages pass through.

    Raises:
        SystemExit: The process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "benchmarks.one_claim", claim, str(written), str(effort.scratch)]
        command += ["--quick"] * effort.quick + (["--real", str(effort.real)] if effort.real else [])
        done = subprocess.run(command, cwd=HERE.parent, check=False)
        if done.returncode:
            raise SystemExit(f"the claim {claim!r} ended with {done.returncode}; its messages are above")
        return tuple(Row.model_validate(row) for row in json.loads(written.read_text(encoding="utf-8")))


def main() -> None:
    """Measures, prints, compares, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="minutes, roughly; nothing is written")
    parser.add_argument("--only", help=f"of {', '.join(CLAIMS)}; the committed figures of the others stay")
    parser.add_argument("--scratch", type=Path, help="keeps drawn films between runs (3 GB); else a temporary folder")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else list(CLAIMS)
    if unknown := [claim for claim in chosen if claim not in CLAIMS]:
        parser.error(f"{', '.join(map(repr, unknown))} is no claim; there are {', '.join(CLAIMS)}")
    real = Path(os.environ[REAL]) if REAL in os.environ else None
    before = Results.read(HERE / "results.json")
    with tempfile.TemporaryDirectory() as temporary:
        scratch = (arguments.scratch or Path(temporary)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        measured = {claim: measure(claim, Effort(arguments.quick, real, scratch)) for claim in chosen}
    results = Results(about=about(), rows=tuple(row for rows in measured.values() for row in rows))
    print(table(results.rows))
    faults = worse(before.rows, results.rows)
    print("\n".join(faults) if faults else "nothing got worse", file=sys.stderr)
    if not arguments.quick:
        whole = before.with_rows(results)
        whole.write(HERE / "results.json")
        (HERE / "results.md").write_text(page(whole), encoding="utf-8")
        draw(whole.rows, HERE / "results.png")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
