"""Cramér's V."""

import numpy as np
import pytest
from scipy.stats.contingency import association

from components.data_audit.association import codes_of, cramers_v, interval_of_v, mean_square_contingency, table_of


def test_it_is_the_published_value() -> None:
    # ClickHouse's manual, cramersVBiasCorrected: number % 10 against number % 4 over numbers(150).
    table = np.zeros((10, 4))
    np.add.at(table, (np.arange(150) % 10, np.arange(150) % 4), 1)
    assert cramers_v(table) == pytest.approx(0.5305112825189074, abs=1e-12)


def test_without_the_correction_it_is_scipys() -> None:
    table = np.array([[100, 150], [203, 322], [420, 700], [320, 210]])  # of scipy's own documentation
    assert np.sqrt(mean_square_contingency(table)) == pytest.approx(association(table, method="cramer"))
    assert association(table, method="cramer") == pytest.approx(0.18617813077483678)


@pytest.mark.parametrize(
    "table, value",
    [
        ([[7, 0], [0, 9]], 1.0),
        ([[7, 9]], 0.0),
        ([[7, 0], [9, 0]], 0.0),
        ([[5, 5], [5, 5]], 0.0),
        ([[0, 0], [0, 0]], 0.0),
        ([[1, 0], [0, 0]], 0.0),
    ],
)
def test_at_the_edges_it_is_a_number(table: list[list[int]], value: float) -> None:
    assert cramers_v(np.array(table)) == pytest.approx(value)


def test_an_empty_category_does_not_count() -> None:
    table = np.array([[8, 3], [2, 9]])
    assert cramers_v(np.vstack([table, [0, 0]])) == cramers_v(table)


def test_without_association_its_mean_is_small_where_the_plain_one_is_not() -> None:
    generator = np.random.default_rng(0)
    tables = np.array([table_of(generator.integers(0, 8, 60), generator.random(60) < 0.5) for _ in range(300)])
    assert np.sqrt(mean_square_contingency(tables)).mean() > 0.3
    assert cramers_v(tables).mean() < 0.1


def test_the_interval_holds_the_value_and_widens_with_films_of_one_patient() -> None:
    generator = np.random.default_rng(1)
    categories, units = generator.integers(0, 2, 60), np.arange(60)
    positives = generator.random(60) < np.where(categories == 1, 0.8, 0.3)
    alone = interval_of_v(categories, positives, units, seed=0)
    four = [np.repeat(values, 4) for values in (categories, positives, units)]
    together = interval_of_v(*four, seed=0)
    as_if_apart = interval_of_v(four[0], four[1], np.arange(240), seed=0)
    assert alone.low < cramers_v(table_of(categories, positives)) < alone.high
    assert together.high - together.low > 1.7 * (as_if_apart.high - as_if_apart.low)
    assert interval_of_v(categories, positives, units, seed=0) == alone


def test_a_complete_association_of_few_patients_leaves_room_for_doubt() -> None:
    positives = np.arange(20) < 10
    found = interval_of_v(positives.astype(int), positives, np.arange(20), seed=0)
    assert found.high == 1
    assert found.low == pytest.approx(2 * 0.025**0.1 - 1)  # ten of ten, Clopper-Pearson


def test_categories_are_numbered_by_name() -> None:
    assert codes_of(["PNG", "JPEG", "PNG"]).tolist() == [1, 0, 1]
