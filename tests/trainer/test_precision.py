import keras
import numpy as np
import pytest

from trainer.model import build_classifier, build_extractor
from trainer.precision import MIXED, SINGLE, precision, to_float32
from trainer.settings import TrainerSettings


def test_the_policy_holds_inside_only():
    with precision(MIXED):
        assert keras.config.dtype_policy().name == MIXED
    assert keras.config.dtype_policy().name == SINGLE
    with pytest.raises(ZeroDivisionError), precision(MIXED):
        _ = 1 / 0
    assert keras.config.dtype_policy().name == SINGLE


def test_mean_and_variance_of_a_normalization_become_whole_floats_too():
    with precision(MIXED):
        normalization = keras.layers.Normalization()
        model = keras.Sequential([keras.Input((2,)), normalization])
    normalization.adapt(np.array([[1.0001, 2], [3, 4]]))
    to_float32(model)
    assert normalization.mean.dtype == SINGLE
    assert np.asarray(normalization.mean)[0, 0] == pytest.approx(2.00005, abs=1e-6)


def test_a_network_of_half_floats_becomes_exactly_the_one_of_whole_floats(small_frozen, draw_film):
    settings = TrainerSettings(weights="random")
    with precision(MIXED):
        classifier = build_classifier(settings, build_extractor(settings, 32), 2)
    twin = build_classifier(settings, build_extractor(settings, 32), 2)
    twin.core.set_weights(classifier.core.get_weights())
    films = np.stack([draw_film(seed, seed % 2) for seed in range(8)])[..., None].astype(np.float32)
    whole = twin.core(films, training=False).numpy()
    half = classifier.core(films, training=False).numpy()
    assert (half != whole).any()
    np.testing.assert_allclose(half, whole, atol=0.02)
    assert classifier.augmentation(films, training=True).dtype == SINGLE

    to_float32(classifier.core)
    np.testing.assert_array_equal(classifier.core(films, training=False).numpy(), whole)
