import numpy as np
import pytest

from pipeline.sample.anatomy import Patient, draw_film


def film(
    seed: int, *, patient: int = 1, view: str = "PA", opacities: bool = False, height: int = 300, width: int = 300
):
    body = Patient.draw(np.random.default_rng([patient, 99]))
    rng = np.random.default_rng([seed, 1])
    return draw_film(rng, body, view=view, opacities=opacities, height=height, width=width).astype(float)


def mean_film(**how) -> np.ndarray:
    return np.mean([film(seed, patient=seed, **how) for seed in range(8)], axis=0)


@pytest.mark.parametrize("shape", [(320, 380), (410, 300)])
def test_a_film_has_the_shape_that_was_asked_for(shape: tuple[int, int]):
    rng = np.random.default_rng(3)
    drawn = draw_film(rng, Patient.draw(rng), view="AP", opacities=True, height=shape[0], width=shape[1])
    assert drawn.shape == shape
    assert drawn.dtype == np.uint8


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_lungs_are_darker_than_the_heart_and_the_belly(view: str):
    average = mean_film(view=view)
    right_lung, left_lung = average[110:150, 80:110], average[90:130, 195:220]
    heart, belly = average[190:210, 150:180], average[270:290, 100:200]
    assert max(right_lung.mean(), left_lung.mean()) + 60 < min(heart.mean(), belly.mean())


def test_the_heart_lies_to_the_right_of_the_image():
    low = mean_film(view="PA")[185:205]
    assert low[:, 180:200].mean() > low[:, 100:120].mean() + 40


def test_ap_films_show_a_larger_heart_a_higher_diaphragm_and_shoulder_blades_over_the_lungs():
    pa, ap = mean_film(view="PA"), mean_film(view="AP")
    beside_the_heart = np.s_[165:185, 205:220]
    above_the_diaphragm = np.s_[205:215, 85:115]
    upper_flank = np.s_[105:120, 75:85]
    for place in (beside_the_heart, above_the_diaphragm, upper_flank):
        assert ap[place].mean() > pa[place].mean() + 15


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_opacities_change_the_lungs_and_nothing_else(view: str):
    difference = np.mean([film(s, view=view, opacities=True) - film(s, view=view) for s in range(10)], axis=0)
    rim = np.ones_like(difference, dtype=bool)
    rim[15:-15, 12:-12] = False
    assert np.abs(difference[rim]).max() == 0
    assert np.abs(difference).max() > 20


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_opacities_leave_the_mean_of_a_film_nearly_where_it_was(view: str):
    shifts = [film(s, view=view, opacities=True).mean() - film(s, view=view).mean() for s in range(10)]
    means = [film(s, patient=s, view=view).mean() for s in range(10)]
    assert abs(np.mean(shifts)) < np.std(means) / 2


def test_the_same_stream_draws_the_same_film_and_another_another():
    np.testing.assert_array_equal(film(5, opacities=True), film(5, opacities=True))
    assert (film(5) != film(6)).any()


def test_films_of_one_patient_are_more_alike_than_films_of_two():
    def likeness(first: np.ndarray, second: np.ndarray) -> float:
        return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])

    same = [likeness(film(2 * i, patient=i), film(2 * i + 1, patient=i)) for i in range(12)]
    other = [likeness(film(2 * i, patient=i), film(2 * i + 1, patient=i + 50)) for i in range(12)]
    assert np.mean(same) > np.mean(other)
