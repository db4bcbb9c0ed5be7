"""What manifest and file system say of a film, as features: nothing of it has seen the film."""

from collections.abc import Sequence

import numpy as np

from components.data_audit.association import codes_of
from components.manifest_gen.rows import ManifestRow

UNKNOWN = "unknown"  #: a sex that the source does not say; not saying it can give a source away


def file_attributes(rows: Sequence[ManifestRow]) -> np.ndarray:
    """Width, height, aspect, bytes and bytes per pixel, as logarithms, with format and mode one-hot; float [N, d]."""
    sizes = np.array([(row.width, row.height, row.bytes) for row in rows], float)
    width, height, size = np.log(np.maximum(sizes, 1)).T
    numbers = np.column_stack([width, height, width - height, size, size - width - height])
    return np.hstack([numbers, one_hot([row.format for row in rows]), one_hot([row.mode for row in rows])])


def ages(rows: Sequence[ManifestRow]) -> np.ndarray:
    """Age in years, the mean where none is known, and whether it is known; float [N, 2]."""
    given = np.array([np.nan if row.age is None else row.age for row in rows], float)
    known = np.isfinite(given)
    mean = given[known].mean() if known.any() else 0.0
    return np.column_stack([np.where(known, given, mean), known])


def sexes(rows: Sequence[ManifestRow]) -> list[str]:
    """``F``, ``M`` or `UNKNOWN` of each film."""
    return [row.sex or UNKNOWN for row in rows]


def metadata(rows: Sequence[ManifestRow]) -> np.ndarray:
    """View, source and sex one-hot, with age; float [N, d]."""
    return np.hstack(
        [one_hot([row.view for row in rows]), one_hot([row.source for row in rows]), one_hot(sexes(rows)), ages(rows)]
    )


def one_hot(values: Sequence[str]) -> np.ndarray:
    """A column per value that occurs, in alphabetical order; float [N, values]."""
    codes = codes_of(values)
    return np.eye(codes.max() + 1)[codes]
