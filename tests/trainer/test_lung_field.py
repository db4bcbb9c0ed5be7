import numpy as np
import pytest

from trainer.lung_field import lung_field, share_inside


@pytest.mark.parametrize("side", [64, 99, 224])
def test_the_field_is_two_regions_alike_left_and_right_and_off_the_rim(side):
    field = lung_field(side)
    np.testing.assert_array_equal(field, field[:, ::-1])
    rim = side // 10
    frame = np.ones_like(field)
    frame[rim:-rim, rim:-rim] = False
    assert not (field & frame).any()
    assert not field[:, side // 2].any()
    assert 0.2 < field.mean() < 0.5


def test_the_share_of_an_even_map_is_the_share_of_the_area():
    field = lung_field(100)
    assert share_inside(np.ones((100, 100)), field) == pytest.approx(field.mean())


def test_heat_inside_counts_and_heat_outside_does_not():
    field = lung_field(100)
    assert share_inside(field * 0.3, field) == pytest.approx(1)
    assert share_inside(~field * 0.3, field) == 0
    assert share_inside(field / field.sum() + ~field * 3 / (~field).sum(), field) == pytest.approx(0.25)


def test_an_empty_map_has_no_share():
    assert share_inside(np.zeros((100, 100)), lung_field(100)) is None
