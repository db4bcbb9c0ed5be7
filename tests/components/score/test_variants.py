"""What each variant leaves of a film."""

import numpy as np
import pytest

from components.score.variants import VARIANTS, make_variants

SIDE = 60


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(5).integers(1, 256, (7, SIDE, SIDE), dtype=np.uint8)


@pytest.fixture(scope="module")
def variants(images: np.ndarray) -> dict[str, np.ndarray]:
    return make_variants(images, seed=3)


def test_every_variant_has_the_shape_of_the_films_and_leaves_them_alone(images, variants):
    before = images.copy()
    assert list(make_variants(images, 3)) == [variant.name for variant in VARIANTS]
    for altered in variants.values():
        assert (altered.shape, altered.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(images, before)


def test_what_is_judged_hides_the_lungs():
    assert [variant.name for variant in VARIANTS if variant.judged] == ["hidden_80", "hidden_90", "rim"]


@pytest.mark.parametrize("percent", [70, 80, 90])
def test_a_hidden_centre_is_black_and_its_frame_untouched(images, variants, percent):
    border = round(SIDE * (100 - percent) / 200)
    hidden = variants[f"hidden_{percent}"]
    inside = (slice(None), slice(border, -border), slice(border, -border))
    assert not hidden[inside].any()
    frame = np.ones((SIDE, SIDE), bool)
    frame[inside[1:]] = False
    np.testing.assert_array_equal(hidden[:, frame], images[:, frame])


def test_the_rim_has_the_same_centre_on_every_film(images, variants):
    rim = variants["rim"]
    assert (rim[:, 6:-6, 6:-6] == rim[:1, 6:-6, 6:-6]).all()
    np.testing.assert_allclose(rim[0, 6:-6, 6:-6], images.mean(axis=0)[6:-6, 6:-6], atol=0.5)
    np.testing.assert_array_equal(rim[:, :6], images[:, :6])
    np.testing.assert_array_equal(rim[:, :, -6:], images[:, :, -6:])


def test_noise_on_the_mean_film_depends_on_no_film_but_through_the_mean(images):
    other = images[::-1].copy()
    one, two = (make_variants(films, 3)["mean_noise"] for films in (images, other))
    np.testing.assert_array_equal(one, two)
    assert (make_variants(images, 4)["mean_noise"] != one).any()
    assert (one[0] != one[1]).any()


def test_the_mean_of_a_whole_split_can_be_given_for_a_part_of_it(images, variants):
    part = make_variants(images[:2], 3, images.mean(axis=0))
    for name in set(variants) - {"mean_noise"}:
        np.testing.assert_array_equal(part[name], variants[name][:2], err_msg=name)


def test_flipping_twice_gives_the_film(images, variants):
    np.testing.assert_array_equal(make_variants(variants["flipped"], 3)["flipped"], images)


def test_a_mark_in_a_corner_is_blanked_and_the_middle_is_not():
    films = np.full((4, SIDE, SIDE), 90, np.uint8)
    for film, (row, column) in zip(films, [(3, 3), (3, -7), (-7, 3), (-7, -7)], strict=True):
        film[row : row + 4, column : column + 4] = 250
    films[:, 28:32, 28:32] = 250
    blanked = make_variants(films, 0)["corners"]
    assert (blanked[:, 28:32, 28:32] == 250).all()
    blanked[:, 28:32, 28:32] = 90
    assert (blanked == 90).all()


def test_exposure_moves_every_grey_level_by_a_tenth_and_stays_a_grey_level():
    films = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    variants = make_variants(films, 0)
    np.testing.assert_allclose(variants["darker"], films * 0.9, atol=0.5)
    np.testing.assert_allclose(variants["brighter"], np.minimum(films * 1.1, 255), atol=0.5)


def test_no_film_gives_no_film():
    for altered in make_variants(np.empty((0, SIDE, SIDE), np.uint8), 0).values():
        assert altered.shape == (0, SIDE, SIDE)
