"""One claim in a process of its own.

``python -m benchmarks.one_claim NAME ROWS.json SCRATCH [--quick] [--real DIR]``
"""

import argparse
import importlib
import json
import os
from pathlib import Path

from benchmarks.claim import Effort, Measure


def main() -> None:
    """Measures and writes the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("rows", type=Path)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--real", type=Path)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    measure: Measure = importlib.import_module(f"benchmarks.claims.{arguments.name}").measure
    rows = measure(Effort(arguments.quick, arguments.real, arguments.scratch))
    arguments.rows.write_text(json.dumps([row.model_dump() for row in rows]), encoding="utf-8")


if __name__ == "__main__":
    main()
