import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.manifest_gen.rows import ManifestRow
from components.xray_example_gen.records import film_to_record
from serving.saved_model import SavedModel


@pytest.fixture(scope="module")
def model(model_folder: Path) -> SavedModel:
    return SavedModel(model_folder)


@pytest.fixture
def films(tmp_path: Path) -> list[Path]:
    generator = np.random.default_rng(0)
    paths = [tmp_path / f"film{index}.png" for index in range(5)]
    for path in paths:
        Image.fromarray(generator.integers(256, size=(40, 50), dtype=np.uint8)).save(path)
    return paths


def test_the_newest_version_of_a_models_folder_is_loaded(model, model_folder):
    assert model.folder == model_folder / "7"
    assert model.version == "7"
    assert model.threshold == 0.5


def test_films_are_answered_in_their_order_whatever_the_batch(model, films):
    predictions = list(model.predict(films, batch_size=2))
    assert [prediction.path for prediction in predictions] == films
    for prediction in predictions:
        assert prediction.valid
        assert prediction.error == ""
        assert prediction.probabilities.keys() == {"covid", "healthy"}
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert prediction.score == prediction.probabilities["covid"]
        assert prediction.positive == (prediction.score >= model.threshold)
        assert prediction.label == ("covid" if prediction.positive else "healthy")
    (alone,) = model.predict(films[3:4])
    assert alone.score == pytest.approx(predictions[3].score, abs=1e-6)


def _png_with_damaged_pixels(film: Path) -> bytes:
    content = bytearray(film.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20] = bytes(20)
    return bytes(content)


def test_a_film_that_only_the_decoder_finds_bad_fails_alone_too(model, films):
    films[1].write_bytes(_png_with_damaged_pixels(films[1]))
    films[2].write_bytes(films[2].read_bytes()[:200])
    predictions = list(model.predict(films))
    assert [prediction.valid for prediction in predictions] == [True, False, False, True, True]
    assert "PNG" in predictions[1].error
    assert "\n" not in predictions[1].error
    assert "cut off" in predictions[2].error
    for bad in predictions[1:3]:
        assert (bad.label, bad.score, bad.positive) == ("invalid", -1, False)
        assert set(bad.probabilities.values()) == {0}


def test_a_jpeg_with_damage_between_head_and_end_gets_a_class(model, tmp_path):
    """As docs/serving.md says: libjpeg fills in what it cannot read."""
    film = tmp_path / "film.jpg"
    Image.fromarray(np.random.default_rng(0).integers(256, size=(40, 50), dtype=np.uint8)).save(film)
    content = film.read_bytes()
    middle = len(content) // 2
    for damaged in (content[:middle] + b"\xff\xd9", content[:middle] + bytes(50) + content[middle + 50 :]):
        film.write_bytes(damaged)
        (prediction,) = model.predict([film])
        assert prediction.valid


def test_a_file_that_cannot_be_read_fails_alone(model, films, tmp_path):
    none, pipe = tmp_path / "none.png", tmp_path / "pipe.png"
    os.mkfifo(pipe)
    predictions = list(model.predict([none, films[0], pipe]))
    assert [prediction.valid for prediction in predictions] == [False, True, False]
    assert predictions[0].error == "cannot be read (No such file or directory); give an image file"
    assert predictions[2].error == "cannot be read (not a regular file); give an image file"


def test_no_films_give_no_predictions(model):
    assert list(model.predict([])) == []


def test_an_animation_is_read_by_its_first_frame(model, tmp_path):
    frames = [Image.fromarray(np.full((32, 32), grey, np.uint8)) for grey in (40, 200)]
    still, moving = io.BytesIO(), io.BytesIO()
    frames[0].save(still, "GIF")
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    for name, stream in (("still.gif", still), ("moving.gif", moving)):
        (tmp_path / name).write_bytes(stream.getvalue())
    one, other = model.predict([tmp_path / "still.gif", tmp_path / "moving.gif"])
    assert one.score == pytest.approx(other.score, abs=1e-6)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_dicom_film_scores_as_its_record_does(model, make_dicom, tmp_path, photometric):
    stored = np.random.default_rng(3).integers(4096, size=(90, 70), dtype=np.uint16)
    film = tmp_path / "IM000001"
    film.write_bytes(make_dicom(stored, PhotometricInterpretation=photometric, WindowCenter=1800, WindowWidth=2000))
    values = dict.fromkeys(ManifestRow.__dataclass_fields__, "") | {"age": None, "sex": None}
    digest = hashlib.sha256(film.read_bytes()).hexdigest()
    row = ManifestRow(**{**values, "path": str(film), "sha256": digest, "label": "covid"})
    record = film_to_record(row, ("covid", "healthy"), 32)
    signature = tf.saved_model.load(str(model.folder)).signatures["examples"]
    (by_record,) = signature(examples=tf.constant([record.SerializeToString()]))["probabilities"].numpy()
    (prediction,) = model.predict([film])
    assert prediction.valid
    assert list(prediction.probabilities.values()) == pytest.approx(by_record.tolist(), abs=1e-6)


def test_a_dicom_file_that_is_no_film_fails_alone_and_says_why(model, make_dicom, films):
    pixels = np.arange(6400, dtype=np.uint16).reshape(80, 80)
    films[1].write_bytes(make_dicom(pixels, NumberOfFrames=2))
    films[3].write_bytes(make_dicom(pixels))
    predictions = list(model.predict(films, batch_size=3))
    assert [prediction.path for prediction in predictions] == films
    assert [prediction.valid for prediction in predictions] == [True, False, True, True, True]
    assert predictions[1].error == "cannot be decoded: 2 frames; a film is a single frame"
    assert (predictions[1].label, predictions[1].score) == ("invalid", -1)
    (alone,) = model.predict([films[1]])
    assert not alone.valid
