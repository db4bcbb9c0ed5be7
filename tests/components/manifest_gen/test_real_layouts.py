"""Two public collections as they are: a folder with ``covid-chestxray-dataset`` and ``normal`` in it."""

import functools
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from components.manifest_gen.build import build_manifest
from components.manifest_gen.contents import Contents, read_contents
from components.manifest_gen.manifest import Manifest
from components.manifest_gen.settings import DataSettings, SplitSettings
from trainer.features import SPLITS, UNUSED

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif("CXR_REALDATA" not in os.environ, reason="CXR_REALDATA names no folder of real films"),
]


def read_once(paths: Sequence[Path]) -> list[Contents | str]:
    return [_contents(path) for path in paths]


@functools.cache
def _contents(path: Path) -> Contents | str:
    (found,) = read_contents([path])
    return found


def build(**keys: Any) -> Manifest:
    data = DataSettings.model_validate(
        {
            "sources": [
                {"kind": "ieee8023", "name": "ieee8023", "path": "covid-chestxray-dataset"},
                {
                    "kind": "nih",
                    "name": "nih",
                    "path": "normal",
                    "metadata": "Data_Entry_2017_subset.csv",
                    "images": "No_findings",
                },
            ],
            "findings": {"covid": ["COVID-19"], "healthy": ["No Finding"]},
            **keys,
        }
    )
    return build_manifest(data, SplitSettings(), b"sixteen bytes or", Path(os.environ["CXR_REALDATA"]), read_once)


def test_the_films_of_the_question_pass() -> None:
    rows = build().rows
    films = Counter((row.source, row.label) for row in rows)
    patients = Counter((source, label) for source, label, _ in {(r.source, r.label, r.patient_id) for r in rows})
    # The collection has two films without a finding, of one patient: a PA film, which counts, and a CT slice.
    assert films == {("ieee8023", "covid"): 73, ("nih", "healthy"): 76, ("ieee8023", "healthy"): 1}
    assert patients == {("ieee8023", "covid"): 51, ("nih", "healthy"): 72, ("ieee8023", "healthy"): 1}


def test_each_row_and_file_is_accounted_for() -> None:
    manifest = build()
    assert Counter((one.source, one.reason) for one in manifest.rejected) == {
        ("ieee8023", "view"): 32,
        ("ieee8023", "finding"): 23,
        ("ieee8023", "modality"): 23,
        ("ieee8023", "no_file"): 6,
        ("ieee8023", "no_row"): 4,
        ("nih", "view"): 21,
    }
    lines = Counter((one.source, one.row) for one in (*manifest.rows, *manifest.rejected) if one.row)
    assert set(lines) == {("ieee8023", n) for n in range(2, 160)} | {("nih", n) for n in range(2, 99)}
    assert set(lines.values()) == {1}


@pytest.mark.parametrize("settings", [{}, {"balance": "undersample"}, {"views": ("PA", "AP", "AP Supine")}])
def test_no_patient_no_file_and_no_copy_is_in_two_splits(settings: dict[str, Any]) -> None:
    rows = build(**settings).rows
    for column in ("patient_id", "sha256", "group"):
        splits: dict[str, set[str]] = {}
        for row in rows:
            splits.setdefault(getattr(row, column), set()).add(row.split)
        assert all(len(names - {UNUSED}) <= 1 for value, names in splits.items() if value)
    assert {(row.label, row.split) for row in rows} >= {(a, b) for a in ("covid", "healthy") for b in SPLITS}


def test_undersampling_leaves_73_films_of_each_class() -> None:
    rows = build(balance="undersample").rows
    assert Counter(row.label for row in rows if row.split != UNUSED) == {"covid": 73, "healthy": 73}
