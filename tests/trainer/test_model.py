from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from trainer.errors import UsageError
from trainer.export import export
from trainer.model import build_classifier, build_extractor
from trainer.settings import TrainerSettings
from trainer.signatures import Decision

FROZEN = TrainerSettings(weights="random")


@pytest.fixture
def films(draw_film) -> np.ndarray:
    return np.stack([draw_film(seed, seed % 2) for seed in range(8)])[..., None].astype(np.float32)


@pytest.fixture(scope="module")
def inception(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The real InceptionResNetV2 at its smallest side, with random weights, and its export."""
    keras.utils.set_random_seed(1)
    classifier = build_classifier(FROZEN, build_extractor(FROZEN, 171), 2)
    folder = tmp_path_factory.mktemp("inception") / "1"
    export(classifier, Decision(("covid", "healthy"), "covid", 0.5), folder)
    return SimpleNamespace(classifier=classifier, folder=folder)


def test_only_the_head_of_inception_resnet_v2_is_trained(inception):
    assert inception.classifier.trainable_parameters == 98_498
    assert inception.classifier.core.count_params() == 54_435_234


def test_inception_resnet_v2_is_exported_once_and_runs(inception, draw_film, encode, run_in_session):
    size = sum(file.stat().st_size for file in Path(inception.folder / "variables").iterdir())
    assert size == pytest.approx(4 * 54_435_234, rel=0.01)
    film = draw_film(1, 0, 171, 171)
    outputs = run_in_session(inception.folder, "serving_default", {"image_bytes": [encode(film, "PNG")]})
    core = inception.classifier.core(film[None, ..., None].astype(np.float32), training=False)
    np.testing.assert_allclose(outputs["probabilities"], core, atol=1e-5)


def test_augmentation_is_in_the_training_model_and_nowhere_in_the_core(films):
    settings = TrainerSettings(backbone="cnn")
    classifier = build_classifier(settings, build_extractor(settings, 32), 2)
    assert classifier.augmentation in classifier.training.layers
    inside = list(classifier.core._flatten_layers())
    assert not [layer.name for layer in inside if layer.name.startswith(("random", "augmentation", "gaussian"))]
    once, again = (classifier.core(films, training=False).numpy() for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert (classifier.augmentation(films, training=True).numpy() != films).any()


def test_the_parts_share_their_weights(small_frozen, films):
    classifier = build_classifier(FROZEN, build_extractor(FROZEN, 32), 2)
    extractor = classifier.extractor
    features = extractor.pooling(extractor.maps(films))
    np.testing.assert_allclose(extractor.model(films), features, atol=1e-6)
    np.testing.assert_allclose(classifier.head(features), classifier.core(films), atol=1e-6)


def test_a_frozen_network_keeps_its_batch_statistics_while_the_head_is_trained(small_frozen, films):
    extractor = build_extractor(FROZEN, 32)
    before = [weight.numpy().copy() for weight in extractor.model.weights]
    np.testing.assert_allclose(extractor.model(films, training=True), extractor.model(films, training=False))
    classifier = build_classifier(FROZEN, extractor, 2)
    classifier.training.compile("nadam", "categorical_crossentropy")
    head = [weight.numpy().copy() for weight in classifier.head.trainable_weights]
    classifier.training.fit(films, np.eye(2)[[0, 1] * 4], verbose=0)
    for weight, value in zip(extractor.model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    assert any(
        (weight.numpy() != value).any() for weight, value in zip(classifier.head.trainable_weights, head, strict=True)
    )


def test_the_head_normalises_random_features_and_trains_as_many_numbers(small_frozen):
    extractor = build_extractor(FROZEN, 32)
    width = extractor.model.output_shape[-1]
    features = np.random.default_rng(0).normal(0.5, 0.01, (200, width)).astype(np.float32)
    features[:, 0] = 0.3  # never moves on the training films
    plain, normalised = (build_classifier(FROZEN, extractor, 2, given) for given in (None, features))
    assert plain.trainable_parameters == normalised.trainable_parameters
    standard = normalised.head.get_layer("normalization")(features).numpy()
    assert standard[:, 1:].std(axis=0) == pytest.approx(np.ones(width - 1), rel=0.01)
    moved = features[:1] + 0.01
    assert np.abs(normalised.head.get_layer("normalization")(moved)).max() < 20


def test_images_too_small_for_the_pooling_name_the_minimum():
    with pytest.raises(UsageError, match=r"data.image_size is 170, but inception_resnet_v2 needs at least 171"):
        build_extractor(FROZEN, 170)
