import numpy as np
import pytest
import tensorflow as tf

from trainer.augmentation import build_augmentation
from trainer.settings import Augmentation

NONE = Augmentation(rotation=0, zoom=0, shift=0, horizontal_flip=False, brightness=0, contrast=0, noise=0, rescale=0)
EVERY = Augmentation(rescale=0.1)
SIZE = 32


@pytest.fixture
def films(draw_film) -> np.ndarray:
    return np.stack([draw_film(seed, seed % 2) for seed in range(16)])[..., None].astype(np.float32)


def _augmented(films: np.ndarray, settings: Augmentation, seed: int = 1) -> np.ndarray:
    return build_augmentation(settings, SIZE, seed)(films, training=True).numpy()


@pytest.mark.parametrize(
    "only",
    [
        {"rotation": 20},
        {"zoom": 0.3},
        {"shift": 0.2},
        {"horizontal_flip": True},
        {"brightness": 0.3},
        {"contrast": 0.5},
        {"noise": 0.05},
        {"rescale": 0.4},
    ],
)
def test_each_setting_changes_films_and_keeps_them_in_range(films, only):
    augmented = _augmented(films, NONE.model_copy(update=only))
    assert augmented.shape == films.shape
    assert augmented.min() >= 0
    assert augmented.max() <= 255
    changed = np.abs(augmented - films).max(axis=(1, 2, 3)) > 1
    assert changed.sum() >= 4
    assert np.unique(np.abs(augmented - films).mean(axis=(1, 2, 3)).round(3)).size >= 4, "films change alike"


def test_everything_switched_off_changes_nothing(films):
    np.testing.assert_array_equal(_augmented(films, NONE), films)


def test_strength_zero_changes_nothing_and_half_of_it_changes_less(films):
    np.testing.assert_array_equal(_augmented(films, Augmentation(strength=0)), films)
    brighter = NONE.model_copy(update={"brightness": 0.3})
    whole, half = (
        np.abs(_augmented(films, brighter.model_copy(update={"strength": strength})) - films).mean()
        for strength in (1.0, 0.5)
    )
    assert half < 0.8 * whole


def test_rescaling_multiplies_each_film_by_one_factor(films):
    grey = np.full((16, SIZE, SIZE, 1), 100, np.float32)
    factors = _augmented(grey, NONE.model_copy(update={"rescale": 0.2})).reshape(16, -1) / 100
    assert np.ptp(factors, axis=1).max() == 0
    assert 0.8 <= factors.min() < 0.95
    assert 1.05 < factors.max() <= 1.2


def test_outside_training_nothing_changes(films):
    np.testing.assert_allclose(build_augmentation(EVERY, SIZE, 1)(films, training=False), films, atol=1e-3)


def test_xla_compiles_what_moves_no_film(films):
    augmentation = build_augmentation(Augmentation(rotation=0, zoom=0, shift=0), SIZE, 1)
    compiled = tf.function(lambda batch: augmentation(batch, training=True), jit_compile=True)
    assert (compiled(films).numpy() != films).any()


def test_the_seed_decides(films):
    np.testing.assert_array_equal(_augmented(films, Augmentation(), 1), _augmented(films, Augmentation(), 1))
    assert (_augmented(films, Augmentation(), 1) != _augmented(films, Augmentation(), 2)).any()


def test_the_same_film_changes_anew_every_time(films):
    augmentation = build_augmentation(Augmentation(), SIZE, 1)
    assert (augmentation(films, training=True).numpy() != augmentation(films, training=True).numpy()).any()


def test_noise_has_the_deviation_that_was_asked_for():
    grey = np.full((8, SIZE, SIZE, 1), 128, np.float32)
    assert _augmented(grey, NONE.model_copy(update={"noise": 0.02})).std() == pytest.approx(0.02 * 255, rel=0.05)
