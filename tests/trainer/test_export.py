from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2

from trainer.export import export
from trainer.grad_cam import heat_maps, logits_of
from trainer.model import build_classifier, build_extractor
from trainer.preprocessing import film_to_image
from trainer.settings import TrainerSettings
from trainer.signatures import Decision

SIZE = 32
CLASSES = ("covid", "healthy", "other")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A cnn with augmentation in its training model, exported."""
    keras.utils.set_random_seed(3)
    settings = TrainerSettings(backbone="cnn")
    classifier = build_classifier(settings, build_extractor(settings, SIZE), len(CLASSES))
    for weight in classifier.head.weights:
        if "probabilities/kernel" in weight.path:
            weight.assign(weight * 100)  # so that films differ in their scores
    folder = tmp_path_factory.mktemp("model") / "1"
    decision = Decision(CLASSES, "covid", 0.3)
    export(classifier, decision, folder)
    return SimpleNamespace(folder=folder, core=classifier.core, classifier=classifier, decision=decision)


@pytest.fixture(scope="module")
def films(draw_film: Callable[..., np.ndarray], encode: Callable[..., bytes]) -> dict[str, bytes]:
    def grey(seed: int) -> Image.Image:
        return Image.fromarray(draw_film(seed, seed % 2, 150, 130) // (1 + seed % 3))

    sixteen_bits = Image.fromarray(np.asarray(grey(2)).astype(np.uint16) * 256 + 99)
    large = Image.fromarray(draw_film(2, 1, 500, 400)).resize((4000, 3200))
    return {
        "8-bit PNG": encode(grey(1), "PNG"),
        "16-bit PNG": encode(sixteen_bits, "PNG"),
        "RGBA PNG": encode(grey(3).convert("RGBA"), "PNG"),
        "CMYK JPEG": encode(grey(4).convert("CMYK"), "JPEG"),
        "progressive JPEG": encode(grey(5).convert("RGB"), "JPEG", progressive=True),
        "large JPEG": encode(large, "JPEG"),
        "odd progressive JPEG": encode(draw_film(8, 0, 133, 271), "JPEG", progressive=True),
        "GIF": encode(grey(6), "GIF"),
        "BMP": encode(grey(7).convert("RGB"), "BMP"),
    }


def _operations(folder: Path) -> Iterator[str]:
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    for graph in model.meta_graphs:
        yield from (node.op for node in graph.graph_def.node)
        for function in graph.graph_def.library.function:
            yield from (node.op for node in function.node_def)


def test_bytes_and_records_give_the_scores_of_the_core(exported, films, to_example, run_in_session):
    images = np.stack([film_to_image(tf.constant(film), SIZE).numpy() for film in films.values()])
    core = exported.core(images.astype(np.float32), training=False).numpy()
    served = run_in_session(exported.folder, "serving_default", {"image_bytes": list(films.values())})
    records = [to_example(image, 0, "p") for image in images]
    recorded = run_in_session(exported.folder, "examples", {"examples": records})
    np.testing.assert_allclose(served["probabilities"], core, atol=1e-5)
    np.testing.assert_allclose(recorded["probabilities"], core, atol=1e-5)
    np.testing.assert_allclose(served["score"], core[:, 0], atol=1e-5)
    assert served["valid"].all()
    assert core.std(axis=0).max() > 0.01


def test_the_images_of_records_are_explained_with_the_scores_of_the_records(
    exported, films, to_example, run_in_session
):
    images = np.stack([film_to_image(tf.constant(film), SIZE).numpy() for film in films.values()])
    records = [to_example(image, 0, "p") for image in images]
    recorded = run_in_session(exported.folder, "examples", {"examples": records})
    files = [tf.io.encode_png(image).numpy() for image in images]
    explained = run_in_session(exported.folder, "explain", {"image_bytes": files})
    np.testing.assert_allclose(explained["probabilities"], recorded["probabilities"], atol=1e-5)
    called = [exported.decision.classes.index(label.decode()) for label in explained["label"]]
    np.testing.assert_array_equal(recorded["decision"].argmax(axis=1), called)


def test_the_heat_map_is_that_of_the_class_in_the_label(exported, films, run_in_session):
    images = np.stack([film_to_image(tf.constant(film), SIZE).numpy() for film in films.values()])
    explained = run_in_session(exported.folder, "explain", {"image_bytes": list(films.values())})
    parts = exported.classifier
    logits = logits_of(parts.head)
    maps = parts.extractor.maps(images.astype(np.float32), training=False)
    called = [exported.decision.classes.index(label.decode()) for label in explained["label"]]

    def heat_of(classes: list[int]) -> np.ndarray:
        return heat_maps(
            maps, lambda m: logits(parts.extractor.pooling(m, training=False)), tf.constant(classes)
        ).numpy()

    np.testing.assert_allclose(explained["heatmap"], heat_of(called), atol=1e-4)
    assert np.abs(explained["heatmap"] - heat_of([(index + 1) % 3 for index in called])).max() > 0.1
    assert explained["heatmap"].shape[1:] == maps.shape[1:3]
    assert ((explained["heatmap"] >= 0) & (explained["heatmap"] <= 1)).all()
    np.testing.assert_allclose(explained["heatmap"].max(axis=(1, 2)), 1)


def test_what_explains_answers_like_what_predicts(exported, films, run_in_session):
    feed = {"image_bytes": [*films.values(), b"no film"]}
    served, explained = (run_in_session(exported.folder, name, feed) for name in ("serving_default", "explain"))
    for name, output in served.items():
        if output.dtype == np.float32:
            np.testing.assert_allclose(explained[name], output, atol=1e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(explained[name], output, err_msg=name)
    assert not explained["heatmap"][-1].any()
    picture = tf.io.decode_png(explained["heatmap_png_bytes"][-1]).numpy()
    assert picture.shape == (SIZE, SIZE, 1)
    assert not picture.any()


def test_the_export_answers_alike_every_time_and_holds_no_random_operation(exported, films, run_in_session):
    first, second = (
        run_in_session(exported.folder, "explain", {"image_bytes": list(films.values())}) for _ in range(2)
    )
    np.testing.assert_array_equal(first["probabilities"], second["probabilities"])
    np.testing.assert_array_equal(first["heatmap"], second["heatmap"])
    operations = set(_operations(exported.folder))
    assert "Conv2D" in operations
    assert not {operation for operation in operations if "Random" in operation}


def test_one_bad_film_fails_alone(exported, films, run_in_session):
    good = films["8-bit PNG"]
    alone = run_in_session(exported.folder, "serving_default", {"image_bytes": [good]})
    outputs = run_in_session(exported.folder, "serving_default", {"image_bytes": [good, good[:-50], good]})
    assert outputs["valid"].tolist() == [True, False, True]
    assert outputs["label"][1] == b"invalid"
    assert outputs["score"][1] == -1
    assert outputs["probabilities"][1].tolist() == [0, 0, 0]
    assert not outputs["positive"][1]
    assert b"cut off" in outputs["error"][1]
    for index in (0, 2):
        np.testing.assert_allclose(outputs["probabilities"][index], alone["probabilities"][0], atol=1e-6)
        assert outputs["error"][index] == b""


@pytest.mark.parametrize("signature", ["serving_default", "explain"])
def test_every_output_has_the_batch_as_its_first_dimension(exported, films, run_in_session, signature):
    for count in (0, 1, 3):
        outputs = run_in_session(exported.folder, signature, {"image_bytes": [films["GIF"]] * count})
        assert {name: len(output) for name, output in outputs.items()} == dict.fromkeys(outputs, count)
        assert outputs["classes"].tolist() == [[name.encode() for name in CLASSES]] * count


def test_signatures_have_the_promised_types(exported):
    signatures = tf.saved_model.load(str(exported.folder)).signatures
    types = {
        name: {key: (spec.dtype.name, spec.shape.rank) for key, spec in signature.structured_outputs.items()}
        for name, signature in signatures.items()
    }
    of_films = {
        "probabilities": ("float32", 2),
        "classes": ("string", 2),
        "label": ("string", 1),
        "score": ("float32", 1),
        "positive": ("bool", 1),
        "valid": ("bool", 1),
        "threshold": ("float32", 1),
        "error": ("string", 1),
        **dict.fromkeys(("brightness", "contrast", "dark_rim"), ("float32", 1)),
    }
    assert types == {
        "serving_default": of_films,
        "explain": {**of_films, "heatmap": ("float32", 3), "heatmap_png_bytes": ("string", 1)},
        "examples": {"probabilities": ("float32", 2), "decision": ("float32", 2)},
    }


def test_weights_are_stored_once(exported):
    stored = sum(file.stat().st_size for file in (exported.folder / "variables").iterdir())
    needed = sum(4 * int(np.prod(weight.shape)) for weight in exported.core.weights)
    assert needed < stored < 1.05 * needed + 10_000


@pytest.mark.parametrize(
    "probabilities, index",
    [([0.3, 0.6, 0.1], 0), ([0.29, 0.31, 0.4], 2), ([0.29, 0.4, 0.31], 1), ([0.9, 0.05, 0.05], 0)],
)
def test_below_the_threshold_the_most_probable_other_class_is_the_label(probabilities, index):
    decision = Decision(CLASSES, "covid", float(np.float32(0.3)))
    assert decision.indices(tf.constant([probabilities])).numpy().tolist() == [index]


def test_a_module_that_holds_the_keras_model_would_fail_in_the_server(exported, tmp_path, run_in_session):
    """Shows that the session of these tests sees what tf.saved_model.load hides."""
    module = tf.Module()
    module.model = exported.core
    function = tf.function(
        lambda image: {"p": exported.core(image, training=False)},
        input_signature=[tf.TensorSpec([None, SIZE, SIZE, 1], tf.float32, name="image")],
    )
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": function})
    with pytest.raises(tf.errors.FailedPreconditionError, match="Could not find variable"):
        run_in_session(tmp_path, "serving_default", {"image": np.zeros((1, SIZE, SIZE, 1))})
