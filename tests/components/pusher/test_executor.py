"""Pusher's executor: blessed models are pushed once, others never."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tfx.types.standard_artifacts import ModelBlessing, PushedModel

from components.manifest_gen.manifest import read_manifest
from components.pusher.executor import Executor
from components.pusher.publish import versions
from components.release_gate.executor import Executor as GateExecutor
from trainer.features import EVAL, PATIENT_ID, SPLITS, TRAIN
from trainer.film_hashes import TRAINING_FILMS, TrainingFilms
from trainer.samples import MEASURES, OF_ANSWER, OF_FILM, REFERENCE, of_film
from trainer.servable import ModelInfo


@pytest.fixture
def push(
    run_executor: Any,
    model: Any,
    predictions: Any,
    shortcuts: Any,
    audit: Any,
    manifest: Any,
    ingested: SimpleNamespace,
    validated: SimpleNamespace,
    tmp_path: Path,
) -> Any:
    """Judges with a bound and pushes; gives the PushedModel."""

    def run(bound: float) -> Any:
        others = {"max_masked_auc": 1, "max_calibration_error": 1, "min_slice": 1000}
        gate = json.dumps({"min_recall": bound, "min_specificity": bound, **others})
        blessing = run_executor(
            GateExecutor,
            {"predictions": predictions, "shortcuts": shortcuts, "audit": audit},
            {"blessing": ModelBlessing},
            {"gate_settings": gate, "views": '["PA", "AP"]', "served": ""},
        )["blessing"][0]
        inputs = {
            "model": model,
            "blessing": blessing,
            "statistics": validated.statistics,
            "examples": ingested.examples,
            "manifest": manifest,
            "predictions": predictions,
        }
        properties = {
            "model_folder": str(tmp_path / "cxr"),
            "version": 1_700_000_000,
            "plan_digest": "5" * 64,
            "key_id": "6" * 16,
        }
        return run_executor(Executor, inputs, {"pushed": PushedModel}, properties)["pushed"][0]

    return run


def test_a_blessed_model_is_pushed_with_metrics_gate_and_statistics(push: Any, tmp_path: Path) -> None:
    import tensorflow as tf

    pushed = push(0.0)
    assert pushed.get_int_custom_property("pushed") == 1
    (version,) = versions(tmp_path / "cxr")
    assert pushed.get_string_custom_property("pushed_version") == version.name == "1700000000"
    info = ModelInfo.read(version)
    assert set(info.metrics) == {"eval", "test"}
    assert {"recall", "specificity"} <= set(info.metrics["test"])
    assert [rule["name"] for rule in info.gate][:2] == ["min_recall", "min_specificity"]
    assert info.plan_digest == "5" * 64
    assert all((version / "statistics" / f"Split-{split}" / "FeatureStats.pb").is_file() for split in SPLITS)
    assert (version / "statistics" / REFERENCE).is_file()
    assert "serving_default" in tf.saved_model.load(str(version)).signatures


def test_the_hashes_of_the_films_that_it_has_seen_go_with_it(push: Any, manifest: Any, tmp_path: Path) -> None:
    push(0.0)
    (version,) = versions(tmp_path / "cxr")
    kept = TrainingFilms.read(version / TRAINING_FILMS)
    assert kept is not None
    assert kept.key_id == "6" * 16
    seen = {row.image_id for row in read_manifest(Path(manifest.uri)) if row.split in (TRAIN, EVAL)}
    assert kept.image_ids == seen


def test_the_version_holds_no_pseudonym_of_a_patient(push: Any, manifest: Any, tmp_path: Path) -> None:
    push(0.0)
    patients = {row.patient_id.encode() for row in read_manifest(Path(manifest.uri))}
    for file in (tmp_path / "cxr").rglob("*"):
        assert not file.is_file() or not [name for name in patients if name in file.read_bytes()], file


def test_the_same_content_is_not_pushed_twice(push: Any, tmp_path: Path) -> None:
    push(0.0)
    assert push(0.0).get_int_custom_property("pushed") == 0
    assert len(versions(tmp_path / "cxr")) == 1


def test_a_model_that_is_not_blessed_is_not_pushed(push: Any, tmp_path: Path) -> None:
    assert push(0.999).get_int_custom_property("pushed") == 0
    assert not (tmp_path / "cxr").exists()


def test_the_version_holds_no_path_of_the_films(push: Any, films: Path, tmp_path: Path) -> None:
    push(0.0)
    for file in (tmp_path / "cxr").rglob("*"):
        assert not file.is_file() or str(films).encode() not in file.read_bytes(), file


def test_films_in_use_can_be_compared_with_those_of_the_train_split(push: Any, manifest: Any, tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

    push(0.0)
    (version,) = versions(tmp_path / "cxr")
    kept = DatasetFeatureStatisticsList.FromString((version / "statistics" / REFERENCE).read_bytes())
    films, answers = ({one.path.step[0]: one for one in dataset.features} for dataset in kept.datasets)
    assert (set(films), set(answers)) == ({*OF_FILM, PATIENT_ID}, {*OF_ANSWER, PATIENT_ID})
    rows = [row for row in read_manifest(Path(manifest.uri)) if row.split == TRAIN]
    widths = Counter(of_film(row.format, row.width, row.height, dict.fromkeys(MEASURES, 0.0))["width"] for row in rows)
    assert {one.label: one.sample_count for one in films["width"].string_stats.rank_histogram.buckets} == widths
    assert {value.value for value in films["format"].string_stats.top_values} == {row.format for row in rows}
    assert films[PATIENT_ID].string_stats.unique == len({row.patient_id for row in rows})
    assert {value.value for value in answers["label"].string_stats.top_values} <= {"covid", "healthy"}
