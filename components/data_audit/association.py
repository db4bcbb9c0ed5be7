"""Cramér's V of two categorical variables, corrected for its bias in small tables."""

from collections.abc import Sequence

import numpy as np

from trainer.statistics import Interval, clopper_pearson


def cramers_v(tables: np.ndarray) -> np.ndarray:
    """Cramér's V with Bergsma's correction: 0 = no association, 1 = one variable determines the other.

    phi2 = chi2 / n, less its expectation without association, (r-1)(k-1)/(n-1), never below 0; rows and columns
    likewise, r - (r-1)^2/(n-1) and k - (k-1)^2/(n-1); V = sqrt(phi2 / min(r - 1, k - 1)). Empty rows and columns do not
    count; a table with fewer than two of either has no association, 0.

    Args:
        tables: Counts, [..., r, k].

    Returns:
        [...], 0..1.

    Source: Bergsma, J. Korean Stat. Soc. 42 (2013) 323-328.
    """
    counts = np.asarray(tables, float)
    n = counts.sum(axis=(-2, -1))
    r, k = ((counts.sum(axis=axis) > 0).sum(axis=-1) for axis in (-1, -2))
    phi2 = mean_square_contingency(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        corrected = np.maximum(0.0, phi2 - (r - 1) * (k - 1) / (n - 1))
        smaller = np.minimum(r - 1 - (r - 1) ** 2 / (n - 1), k - 1 - (k - 1) ** 2 / (n - 1))
        value = np.sqrt(corrected / smaller)
    return np.where((r > 1) & (k > 1) & (smaller > 0), np.minimum(value, 1.0), 0.0)


def mean_square_contingency(tables: np.ndarray) -> np.ndarray:
    """phi2 = chi2 / n of counts [..., r, k]; 1 where one of two classes follows from every category."""
    counts = np.asarray(tables, float)
    expected = counts.sum(axis=-1, keepdims=True) * counts.sum(axis=-2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        cells = np.where(expected > 0, counts**2 / expected, 0.0)
    return np.asarray(cells.sum(axis=(-2, -1)) - 1)


def table_of(categories: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Counts float [r, 2] of categories int [N] 0..r-1 against bool [N]."""
    return np.stack(
        [np.bincount(categories[side], minlength=categories.max() + 1) for side in (positives, ~positives)]
    ).T


def interval_of_v(
    categories: np.ndarray,
    positives: np.ndarray,
    units: np.ndarray,
    seed: int,
    *,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Percentile interval of `cramers_v`, drawing patients with all their films.

    Draws that hold one class only are left out. Where every category holds one class, every draw gives 1, which says
    nothing about n. Then the lower end is 2 q - 1, which V is in a symmetrical 2 x 2 table where a share q is on the
    diagonal, at Clopper-Pearson's lower end of q for as many patients as the rarer class has.

    Args:
        categories: int [N], 0..r-1.
        positives: bool [N].
        units: int [N], 0..U-1.
        seed: Of the draws.
        replicates: How many.
        confidence: Coverage.

    Source: Field and Welsh, J. R. Stat. Soc. B 69 (2007) 369-390 (the cluster bootstrap).
    """
    if mean_square_contingency(table_of(categories, positives)) > 1 - 1e-9:
        patients = min(np.unique(units[side]).size for side in (positives, ~positives))
        return Interval(max(0.0, 2 * clopper_pearson(patients, patients, confidence).low - 1), 1.0)
    size = int(units.max()) + 1
    of_units = np.zeros((size, int(categories.max()) + 1, 2))
    np.add.at(of_units, (units, categories, (~positives).astype(int)), 1)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(size, np.full(size, 1 / size), size=replicates)
    tables = np.tensordot(drawn.astype(float), of_units, axes=1)
    both = (tables.sum(axis=1) > 0).all(axis=-1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(cramers_v(tables[both]), [tail, 1 - tail])
    return Interval(float(low), float(high))


def codes_of(values: Sequence[str]) -> np.ndarray:
    """Numbers 0..r-1 for the r values that occur, int [N]."""
    return np.unique(np.asarray(values, dtype=str), return_inverse=True)[1]
