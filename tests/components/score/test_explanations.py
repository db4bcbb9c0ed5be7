"""The file of maps."""

from pathlib import Path

import numpy as np
import pytest

from components.score.explanations import Explanations


@pytest.mark.parametrize("films", [0, 3])
def test_what_was_written_is_read(tmp_path: Path, films: int) -> None:
    generator = np.random.default_rng(0)
    written = Explanations(
        image_id=[f"id{film}" for film in range(films)],
        images=generator.integers(256, size=(films, 8, 8), dtype=np.uint8),
        heat=generator.random((films, 2, 2), np.float32),
        occlusion=generator.random((films // 2, 6, 6), np.float32),
        mean=generator.random((8, 8), np.float32),
    )
    written.write(tmp_path / "e.npz")
    read = Explanations.read(tmp_path / "e.npz")
    assert read.image_id == written.image_id
    for name in ("images", "heat", "occlusion", "mean"):
        value = getattr(read, name)
        np.testing.assert_array_equal(value, getattr(written, name))
        assert value.dtype == getattr(written, name).dtype
