"""Claim 1: on a few drawn films, and what it calls the full decode."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.claims.film_to_record import difference, films_of, fully_decoded, one_core, speed


def test_both_rows_come_of_the_films_of_a_run(films: Path) -> None:
    rows = films_of("sample", films)[:3]
    faster, apart = speed("drawn", rows, pairs=2), difference("drawn", rows)
    assert len(faster.values) == 2
    assert min(faster.values) > 0
    assert "3 drawn films" in faster.what
    assert faster.goal is None
    assert len(apart.values) == 1
    assert apart.met


def test_the_goal_of_speed_is_for_real_films(films: Path) -> None:
    assert speed("real", films_of("sample", films)[:1], pairs=1).goal is not None


def test_the_full_decode_takes_neither_the_small_decode_nor_the_luma() -> None:
    colours = np.random.default_rng(2).integers(256, size=(300, 260, 3), dtype=np.uint8)
    for kind, tolerance in (("PNG", 0.51), ("JPEG", 1)):
        stream = io.BytesIO()
        Image.fromarray(colours).resize((1200, 1100)).save(stream, kind)
        with Image.open(stream) as film:
            expected = np.asarray(film.convert("L").resize((224, 224), Image.Resampling.BILINEAR), float)
        assert np.abs(fully_decoded(stream.getvalue()) - expected).mean() < tolerance


def test_one_core_is_left_as_it_was_found() -> None:
    before = os.sched_getaffinity(0)
    with one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
