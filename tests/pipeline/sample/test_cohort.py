from collections import Counter

import numpy as np

from pipeline.sample.cohort import draw_cohort


def test_every_four_pairs_hold_both_classes_in_both_sources_and_views():
    cells = Counter((case.source, case.films[0].view, case.finding) for case in draw_cohort(4, seed=1))
    assert len(cells) == 8
    assert set(cells.values()) == {1}


def test_more_patients_leave_the_first_ones_as_they_are():
    assert list(draw_cohort(9, seed=3))[:8] == list(draw_cohort(4, seed=3))


def test_patients_have_one_to_three_films_and_one_and_a_half_on_average_in_either_class():
    for opacities in (False, True):
        counts = [len(case.films) for case in draw_cohort(100, seed=7) if case.opacities == opacities]
        assert set(counts) == {1, 2, 3}
        assert np.mean(counts) == 1.5


def test_some_patients_have_films_of_both_views():
    assert any(len({film.view for film in case.films}) == 2 for case in draw_cohort(20, seed=7))


def test_no_two_random_streams_are_the_same():
    films = [film for case in draw_cohort(30, seed=7) for film in case.films]
    first_numbers = {np.random.default_rng(film.stream).integers(2**62) for film in films}
    assert len(first_numbers) == len(films)
    bodies = {case.patient.vessel_seed for case in draw_cohort(30, seed=7)}
    assert len(bodies) == 60


def test_numbers_do_not_tell_the_class():
    odd = Counter(case.finding for case in draw_cohort(200, seed=7) if case.number % 2)
    assert min(odd.values()) > 80


def test_another_seed_draws_other_people():
    assert [case.patient for case in draw_cohort(4, seed=1)] != [case.patient for case in draw_cohort(4, seed=2)]


def test_films_come_in_both_formats_and_modes_and_in_several_sizes_upright_and_lying():
    films = [film for case in draw_cohort(60, seed=7) for film in case.films]
    assert len({(film.format, film.mode) for film in films}) == 4
    assert len({(film.height, film.width) for film in films}) >= 6
    assert {np.sign(film.height - film.width) for film in films} == {-1, 0, 1}
    assert all(300 <= side <= 900 for film in films for side in (film.height, film.width))
