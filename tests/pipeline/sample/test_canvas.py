import numpy as np
import pytest

from pipeline.sample.canvas import EXTENT, SIDE, Stroke, bump, clouds, coordinates, fill, paint, radius, step


def test_coordinates_span_the_canvas_from_left_to_right_and_from_top_to_bottom():
    x, y = coordinates()
    assert (x.shape, y.shape) == ((1, SIDE), (SIDE, 1))
    assert -EXTENT < x[0, 0] < x[0, -1] < EXTENT
    np.testing.assert_allclose(y.ravel(), x.ravel())


def test_a_step_is_nothing_half_and_whole_across_its_softness():
    distance = np.array([-2.0, -0.1, 0.0, 0.1, 2.0], dtype=np.float32)
    np.testing.assert_allclose(step(distance, 0.1), [0, 0, 0.5, 1, 1], atol=1e-6)
    assert distance[0] == -2, "the distance is left as it was"


def test_the_radius_of_a_tilted_ellipse_is_one_on_its_rim():
    x, y = coordinates()
    nearest = np.unravel_index(np.hypot(x - 0.5 * np.cos(0.5), y - 0.5 * np.sin(0.5)).argmin(), (SIDE, SIDE))
    assert radius((0, 0), (0.5, 0.2), tilt=np.degrees(0.5))[nearest] == pytest.approx(1, abs=0.02)


def test_a_bump_is_one_in_its_middle_and_gone_at_twice_its_radii():
    hill = bump((0.3, -0.2), (0.1, 0.2))
    assert hill.max() == pytest.approx(1, abs=1e-2)
    assert hill[radius((0.3, -0.2), (0.1, 0.2)) > 2].max() < 0.01


def test_a_stroke_lies_where_its_curve_runs():
    layer = paint([Stroke(np.array([[-0.5, 0.25], [0.5, 0.25]]), 0.1, 0.6)])
    x, y = coordinates()
    near = (np.abs(y - 0.25) < 0.03) & (np.abs(x) < 0.45)
    np.testing.assert_allclose(layer[near], 0.6, atol=1 / 255)
    assert layer[np.abs(np.broadcast_to(y, layer.shape) - 0.25) > 0.07].max() == 0


def test_an_outline_is_filled_inside_only():
    layer = fill([np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])])
    assert layer.mean() == pytest.approx((1 / (2 * EXTENT)) ** 2, rel=0.02)


def test_clouds_have_about_mean_zero_and_deviation_one():
    layer = clouds(np.random.default_rng(1), 0.05)
    assert layer.dtype == np.float32
    assert layer.mean() == pytest.approx(0, abs=0.1)
    assert layer.std() == pytest.approx(1, abs=0.2)
