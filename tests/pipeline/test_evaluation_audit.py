"""The checks of an evaluation's films: they measure, and refuse nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.data_audit.settings import AuditSettings
from components.manifest_gen.rows import ManifestRow, Rejection
from components.manifest_gen.settings import DataSettings
from pipeline.evaluation_audit import audit_films
from trainer import features

DATA = DataSettings.model_validate(
    {
        "sources": [{"kind": "class_folders", "name": "ward", "path": "ward", "folders": {"a": "COVID-19"}}],
        "findings": {"covid": ["COVID-19"], "healthy": ["No Finding"]},
        "max_rejected": 0.1,
    }
)


def row_of(number: int, group: str = "", label: str = "covid") -> ManifestRow:
    return ManifestRow(
        path=f"/{number}.png", sha256=f"{number:064x}", image_id=f"{number:016x}", label=label, finding="COVID-19",
        view="PA", patient_id=f"{number}", source="ward", split=features.TEST, age=None, sex=None, bytes=1, width=1,
        height=1, format="PNG", mode="L", group=group, row=number, file=f"{number}.png",
    )  # fmt: skip


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Records of films 0 to 3."""
    rng = np.random.default_rng(0)
    with tf.io.TFRecordWriter(str(tmp_path / "data_tfrecord-00000-of-00001")) as writer:
        for number in range(4):
            values = {features.IMAGE: rng.bytes(64 * 64), features.IMAGE_ID: f"{number:016x}".encode()}
            feature = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in values.items()
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return tmp_path


def audit(rows: Sequence[ManifestRow], rejected: Sequence[Rejection], records: Path) -> dict[str, str]:
    found = audit_films(rows, rejected, records, DATA, AuditSettings(), ["ward"])
    return {check.name: check.verdict for check in found.checks}


def test_what_would_stop_a_run_is_a_warning_here(records: Path) -> None:
    rows = [row_of(0, "g"), row_of(1, "g", "healthy"), row_of(2), row_of(3)]
    rejected = [Rejection("ward", 9, "x.png", "view", "a lateral film")]
    verdicts = audit(rows, rejected, records)
    assert verdicts == {
        "rejected": "warn", "copies": "pass", "copy_conflict": "warn", "patients_known": "warn", "shortcuts": "warn",
    }  # fmt: skip


def test_films_of_one_class_are_no_crash(records: Path) -> None:
    verdicts = audit([row_of(number) for number in range(4)], [], records)
    assert verdicts["rejected"] == "pass"
    assert verdicts["shortcuts"] == "warn"
