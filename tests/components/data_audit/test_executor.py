"""DataAudit's executor on the artifacts of the drawn films, and on records that break the schema."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from components.artifacts import DataAuditReport
from components.data_audit.audit import Audit
from components.data_audit.executor import Executor
from components.files import AUDIT_FILE
from trainer import features

PROPERTIES = {
    "audit_settings": json.dumps({"min_patients": 2}),
    "positive": "covid",
    "classes": json.dumps(["covid", "healthy"]),
    "max_rejected": 0.01,
    "split_by": "patient",
    "duplicates": "group",
    "sources_without_patients": "[]",
    "baseline": "",
}


def read(artifact: Any) -> Audit:
    return Audit.model_validate_json(Path(artifact.uri, AUDIT_FILE).read_text(encoding="utf-8"))


def test_drawn_films_pass_every_check(audit: Any) -> None:
    checks = read(audit).checks
    assert {check.name for check in checks} >= {
        "rejected", "patient_overlap", "file_overlap", "copy_overlap", "films_of_covid", "shortcut_file_attributes",
        "shortcut_rim_logistic", "shortcut_rim_svm", "association_source", "anomalies", "drift",
        "skew_eval", "skew_test",
    }  # fmt: skip
    assert [check.message for check in checks if check.verdict != "pass"] == []


def test_records_that_break_the_schema_are_named(
    run_executor: Any,
    manifest: Any,
    ingested: SimpleNamespace,
    validate: Any,
    read_examples: Any,
    tmp_path: Path,
) -> None:
    import tensorflow as tf
    from tfx.types.standard_artifacts import Examples

    broken = Examples()
    broken.uri, broken.split_names = str(tmp_path), ingested.examples.split_names
    for split in features.SPLITS:
        folder = tmp_path / f"Split-{split}"
        folder.mkdir()
        with tf.io.TFRecordWriter(str(folder / "data_tfrecord-00000-of-00001")) as writer:
            for example in read_examples(ingested.examples, split):
                example.features.feature[features.VIEW].bytes_list.value[:] = [b"LATERAL"]
                del example.features.feature[features.LABEL]
                writer.write(example.SerializeToString())
    made = run_executor(
        Executor,
        {
            "manifest": manifest,
            "examples": ingested.examples,
            "rejected": ingested.rejected,
            **vars(validate(broken)),
        },
        {"audit": DataAuditReport},
        PROPERTIES,
    )
    stops = {check.name: check.message for check in read(made["audit"][0]).stops}
    assert {"anomaly_view", "anomaly_label"} <= set(stops)
    assert "in train, eval and test (TFDV: " in stops["anomaly_view"]
    assert "LATERAL" in stops["anomaly_view"]


def test_films_that_did_not_decode_are_neither_counted_nor_usable(
    run_executor: Any, manifest: Any, ingested: SimpleNamespace, validated: SimpleNamespace, tmp_path: Path
) -> None:
    from components.artifacts import RejectedFilms
    from components.manifest_gen.manifest import read_manifest, write_rejected
    from components.manifest_gen.rows import Rejection

    tests = [r for r in read_manifest(Path(manifest.uri)) if r.split == features.TEST and r.label == "covid"]
    rejected = RejectedFilms()
    rejected.uri = str(tmp_path)
    write_rejected([Rejection(r.source, r.row, r.file, "unreadable", "does not decode") for r in tests], tmp_path)
    made = run_executor(
        Executor,
        {
            "manifest": manifest,
            "examples": ingested.examples,
            "rejected": rejected,
            **vars(validated),
        },
        {"audit": DataAuditReport},
        PROPERTIES,
    )
    stops = {check.name: check for check in read(made["audit"][0]).stops}
    assert set(stops) == {"rejected", "films_of_covid"}
    assert f"{len(tests)} of " in stops["rejected"].message
    assert "none in test" in stops["films_of_covid"].message


def test_waivers_are_applied_last(run_executor: Any, manifest: Any, ingested: SimpleNamespace, validated: Any) -> None:
    waivers = [
        {"check": name, "reason": "a test of waivers", "by": "a test", "date": "2024-05-17"}
        for name in ("films_of_covid", "shortcut_age")
    ]
    settings = {"audit_settings": json.dumps({"min_patients": 10_000, "waivers": waivers})}
    made = run_executor(
        Executor,
        {
            "manifest": manifest,
            "examples": ingested.examples,
            "rejected": ingested.rejected,
            **vars(validated),
        },
        {"audit": DataAuditReport},
        PROPERTIES | settings,
    )
    told = {check.name: check for check in read(made["audit"][0]).warnings}
    assert {name: check.verdict for name, check in told.items()} == {
        "films_of_covid": "waived", "films_of_healthy": "warn", "waivers": "warn",
    }  # fmt: skip
    assert told["waivers"].message.startswith("the waiver of 'shortcut_age' is not needed")
