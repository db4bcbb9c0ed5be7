"""Score's executor on the drawn films and a model of one epoch."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from components.files import EXPLANATIONS_FILE, EXPORT_FILE, PREDICTIONS_FILE, SERVED_FAULT_FILE, SERVED_FILE
from components.manifest_gen.manifest import Manifest, read_manifest, read_rejected, write_manifest
from components.score.executor import Executor
from components.score.explanations import Explanations
from components.score.export_check import ExportCheck
from components.score.occlusion import occlude
from components.score.servable import Servable
from components.score.variants import VARIANTS, make_variants
from trainer.features import IMAGE, TEST
from trainer.predictions import ORIGINAL, Predictions, read_predictions, read_variants
from trainer.servable import ModelInfo


def servable(model: Any) -> Path:
    return Path(model.uri, "Format-Serving")


@pytest.fixture(scope="module")
def read(predictions: Any) -> dict[str, Predictions]:
    return read_variants(Path(predictions.uri, PREDICTIONS_FILE))


@pytest.fixture(scope="module")
def explanations(predictions: Any) -> Explanations:
    return Explanations.read(Path(predictions.uri, EXPLANATIONS_FILE))


@pytest.fixture(scope="module")
def images(ingested: SimpleNamespace, read_examples: Any, sample_data: dict[str, Any]) -> np.ndarray:
    side = sample_data["image_size"]
    raw = [example.features.feature[IMAGE].bytes_list.value[0] for example in read_examples(ingested.examples)]
    return np.stack([np.frombuffer(image, np.uint8).reshape(side, side) for image in raw])


def test_every_test_film_is_scored_once(read: dict[str, Predictions], manifest: Any) -> None:
    said = read[ORIGINAL]
    rows = {row.image_id: row for row in read_manifest(Path(manifest.uri)) if row.split == TEST}
    assert sorted(said.image_id) == sorted(rows)
    for index, image_id in enumerate(said.image_id):
        row = rows[image_id]
        assert (said.patient_id[index], said.view[index], said.source[index]) == (row.patient_id, row.view, row.source)
        assert said.classes[said.label[index]] == row.label
        assert said.sex[index] == (row.sex or "")
        np.testing.assert_allclose(said.age[index], np.nan if row.age is None else row.age)
    np.testing.assert_allclose(said.probabilities.sum(axis=1), 1, atol=1e-5)


def test_every_variant_is_of_the_same_films(read: dict[str, Predictions]) -> None:
    assert list(read) == [ORIGINAL, *(variant.name for variant in VARIANTS)]
    for said in read.values():
        assert said.image_id == read[ORIGINAL].image_id
        np.testing.assert_array_equal(said.label, read[ORIGINAL].label)


def test_a_variant_is_what_the_model_says_of_the_altered_images(
    read: dict[str, Predictions], model: Any, images: np.ndarray, read_examples: Any, ingested: SimpleNamespace
) -> None:
    asked = Servable(servable(model))
    for name in ("rim", "darker"):
        records = read_examples(ingested.examples)
        for record, image in zip(records, make_variants(images, 0)[name], strict=True):
            record.features.feature[IMAGE].bytes_list.value[0] = image.tobytes()
        probabilities, _ = asked.ask([record.SerializeToString() for record in records])
        np.testing.assert_allclose(read[name].probabilities, probabilities, atol=1e-5)
        assert np.abs(read[name].probabilities - read[ORIGINAL].probabilities).max() > 1e-5


def test_the_decision_is_the_one_at_the_models_threshold(read: dict[str, Predictions], model: Any) -> None:
    threshold = ModelInfo.read(servable(model)).threshold
    for said in read.values():
        assert said.threshold == threshold
        np.testing.assert_array_equal(said.decided, said.score >= np.float32(threshold))


def test_the_same_model_and_films_give_the_same_predictions(
    score: Any, read: dict[str, Predictions], ingested: SimpleNamespace, model: Any, manifest: Any
) -> None:
    again = read_variants(Path(score(ingested.examples, model, manifest).uri, PREDICTIONS_FILE))
    for name, said in read.items():
        np.testing.assert_allclose(again[name].probabilities, said.probabilities, atol=1e-6)
        assert again[name].image_id == said.image_id


def test_some_films_are_explained(
    explanations: Explanations, read: dict[str, Predictions], images: np.ndarray, model: Any
) -> None:
    said = read[ORIGINAL]
    films = [said.image_id.index(image_id) for image_id in explanations.image_id]
    assert len(films) == 4
    np.testing.assert_array_equal(explanations.images, images[films])
    np.testing.assert_allclose(explanations.mean, images.mean(axis=0), atol=1e-3)
    assert explanations.heat.shape[0] == 4
    assert ((explanations.heat >= 0) & (explanations.heat <= 1)).all()
    assert explanations.heat.any()


def test_an_occlusion_map_is_how_far_the_true_class_falls(
    explanations: Explanations, read: dict[str, Predictions], model: Any, ingested: SimpleNamespace, read_examples: Any
) -> None:
    said = read[ORIGINAL]
    film = said.image_id.index(explanations.image_id[0])
    assert explanations.occlusion.shape == (1, 6, 6)
    record = read_examples(ingested.examples)[film]
    label = said.label[film]
    record.features.feature[IMAGE].bytes_list.value[0] = occlude(explanations.images[0])[8].tobytes()
    hidden, _ = Servable(servable(model)).ask([record.SerializeToString()])
    expected = said.probabilities[film, label] - hidden[0, label]
    np.testing.assert_allclose(explanations.occlusion[0, 1, 2], expected, atol=1e-5)


def test_the_export_answers_as_it_must_on_png_and_jpeg_films(predictions: Any, manifest: Any) -> None:
    rows = [row for row in read_manifest(Path(manifest.uri)) if row.split == TEST]
    assert {row.format for row in rows} == {"PNG", "JPEG"}
    checked = ExportCheck.model_validate_json(Path(predictions.uri, EXPORT_FILE).read_text(encoding="utf-8"))
    assert checked.faults == ()
    assert checked.parity_films == min(16, len(rows))
    assert checked.parity is not None
    assert checked.parity <= 1e-5
    assert checked.repeat is not None
    assert checked.repeat <= 1e-5
    assert checked.random_ops == ()


def test_without_a_served_model_there_are_no_predictions_of_one(predictions: Any) -> None:
    assert not Path(predictions.uri, SERVED_FILE).exists()
    assert not Path(predictions.uri, SERVED_FAULT_FILE).exists()


def test_the_served_model_is_asked_about_the_same_films(
    run_executor: Any,
    ingested: SimpleNamespace,
    model: Any,
    manifest: Any,
    read: dict[str, Predictions],
    tmp_path: Path,
) -> None:
    from components.artifacts import Predictions as PredictionsArtifact

    shutil.copytree(servable(model), tmp_path / "7")
    made = run_executor(
        Executor,
        {"examples": ingested.examples, "model": model, "manifest": manifest},
        {"predictions": PredictionsArtifact},
        {"score_settings": '{"explained": 0, "occluded": 0}', "served": told(tmp_path / "7")},
    )
    folder = Path(made["predictions"][0].uri)
    served = read_predictions(folder / SERVED_FILE)
    assert served.image_id == read[ORIGINAL].image_id
    np.testing.assert_allclose(served.probabilities, read[ORIGINAL].probabilities, atol=1e-5)
    assert not (folder / SERVED_FAULT_FILE).exists()


def told(folder: Path) -> str:
    return json.dumps({"version": folder.name, "folder": str(folder), "digest": "d"})


def test_a_served_model_that_cannot_be_run_ends_no_run_and_leaves_its_reason(
    score: Any, ingested: SimpleNamespace, model: Any, manifest: Any, tmp_path: Path
) -> None:
    (tmp_path / "7").mkdir()
    made = score(ingested.examples, model, manifest, told(tmp_path / "7"), explained=0, occluded=0)
    reason = Path(made.uri, SERVED_FAULT_FILE).read_text(encoding="utf-8")
    assert reason.startswith("version 7 cannot be run: ")
    assert len(reason.splitlines()) == 1
    assert not Path(made.uri, SERVED_FILE).exists()
    assert len(read_predictions(Path(made.uri, PREDICTIONS_FILE)))


def test_a_film_whose_file_is_gone_or_has_changed_is_named(
    score: Any, ingested: SimpleNamespace, model: Any, manifest: Any, tmp_path: Path
) -> None:
    from components.artifacts import Manifest as ManifestArtifact

    rows = read_manifest(Path(manifest.uri))
    (tmp_path / "film").write_bytes(b"another film")
    first, second = [row for row in rows if row.split == TEST][:2]
    moved = {first.image_id: str(tmp_path / "gone"), second.image_id: str(tmp_path / "film")}
    write_manifest(
        Manifest(
            tuple(replace(row, path=moved.get(row.image_id, row.path)) for row in rows),
            tuple(read_rejected(Path(manifest.uri))),
        ),
        tmp_path,
    )
    elsewhere = ManifestArtifact()
    elsewhere.uri = str(tmp_path)
    made = score(ingested.examples, model, elsewhere, explained=0, occluded=0)
    checked = ExportCheck.model_validate_json(Path(made.uri, EXPORT_FILE).read_text(encoding="utf-8"))
    assert checked.parity_films < len([row for row in rows if row.split == TEST])
    faults = "\n".join(checked.faults)
    assert f"film {first.image_id} could not be served from its file: No such file or directory" in faults
    assert f"film {second.image_id} could not be served from its file: the file has changed" in faults
    assert str(tmp_path) not in faults


def test_a_test_split_without_films_is_scored_without_a_crash(
    score: Any, model: Any, manifest: Any, tmp_path: Path
) -> None:
    from tfx.types.artifact_utils import encode_split_names
    from tfx.types.standard_artifacts import Examples

    examples = Examples()
    examples.uri = str(tmp_path)
    examples.split_names = encode_split_names([TEST])
    (tmp_path / "Split-test").mkdir()
    made = score(examples, model, manifest)
    read = read_variants(Path(made.uri, PREDICTIONS_FILE))
    assert [len(said) for said in read.values()] == [0] * (1 + len(VARIANTS))
    checked = ExportCheck.model_validate_json(Path(made.uri, EXPORT_FILE).read_text(encoding="utf-8"))
    assert (checked.parity, checked.repeat, checked.faults) == (None, None, ("the test split has no film",))
    assert Explanations.read(Path(made.uri, EXPLANATIONS_FILE)).image_id == []
