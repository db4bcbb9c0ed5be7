"""Films as records and as JPEG files, and the claims that read both, on a handful of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import films_at_size
from benchmarks.claim import Effort
from benchmarks.claims import batches, study_input, training_step
from benchmarks.films_at_size import Films, films_at
from benchmarks.pairs import Pairs

SIDE = 32
#: Of a machine that does nothing else.
PAIRS = Pairs(ours=(2.0, 1.0, 4.0), peer=(4.0, 4.0, 4.0))


@pytest.fixture(scope="module")
def effort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Effort]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(films_at_size, "QUICK_PATIENTS", 4)
        yield Effort(quick=True, real=None, scratch=tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="module")
def films(effort: Effort) -> Films:
    (drawn,) = films_at(effort, SIDE, 6, copies=2)
    return drawn


def test_records_and_files_show_the_same_films_in_the_same_numbers(films: Films) -> None:
    split = films.split()
    assert (films.count, len(split), films.what) == (12, 12, "6 drawn films, 2 times each, at 32 px")
    images = np.concatenate([images for images, _ in split.batches(5).as_numpy_iterator()])[..., 0]
    files = sorted(films.jpegs.rglob("*-1.jpg"), key=lambda file: file.name)
    for image, file in zip(images, files, strict=False):
        with Image.open(file) as kept:
            assert np.abs(np.asarray(kept, float) - image).mean() < 3, "JPEG at 95 is a little off"
    labels = {name: len(list((films.jpegs / name).iterdir())) for name in films.classes}
    assert [labels[name] for name in films.classes] == np.bincount(split.labels, minlength=2).tolist()


def test_films_are_written_once(films: Films, effort: Effort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films_at_size, "_write", None)
    assert list(films_at(effort, SIDE, 6, copies=2)) == [films]


def test_epochs_of_ours_against_one_of_the_peer_are_counted_in_films() -> None:
    row = study_input.row("what", "against", 400, 10, PAIRS)
    assert row.values == (20, 40, 10)
    assert (row.ours, row.peer) == ("2,000 films/s", "100 films/s")


def test_passes_are_held_to_their_own_goals() -> None:
    films = Films("12 films", Path(), ("covid", "healthy"), SIDE, 12)
    first, later = (batches.row(films, which, batches.TORCH, PAIRS) for which in ("first", "later"))
    assert first.values == later.values == (2, 4, 1)
    assert (first.ours, first.peer) == ("6 films/s", "3 films/s")
    assert [str(row.goal) for row in (first, later)] == ["≥ 5", "≥ 8"]


def test_a_step_that_waits_costs_more_than_one() -> None:
    row = training_step.row("what", Pairs(ours=(2.1, 2.0, 1.0), peer=(1.0, 1.0, 1.0)), 4)
    assert (row.median, row.met, row.ours, row.peer) == (2.0, False, "500.0 ms", "250.0 ms")


def test_loaders_give_what_they_are_compared_on(films: Films) -> None:
    images, labels = next(iter(batches.keras_batches(films)))
    assert (images.shape, labels.shape) == ((12, SIDE, SIDE, 3), (12, 2))
    assert sum(len(images) for images, _ in batches.with_cache(films)) == 12
    images, _ = next(iter(batches.keras_batches(films, color_mode="grayscale")))
    assert images.shape == (12, SIDE, SIDE, 1)


def test_the_study_is_the_peer_with_and_without_its_channels_and_our_augmentation(
    effort: Effort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_input, "SIDE", SIDE)
    monkeypatch.setattr(study_input, "QUICK", study_input.Work(films=6, copies=2, epochs=1))
    rows = study_input.measure(effort)
    assert [row.goal is not None for row in rows] == [True, False, False, False]
    assert len({row.what for row in rows}) == len(rows), "by which rows are told apart"


def test_without_its_environment_torch_is_left_out_in_one_line(
    effort: Effort, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(batches, "PEERS", tmp_path / "python")
    monkeypatch.setattr(batches, "SIDE", SIDE)
    rows = batches.measure(effort)
    assert [(row.against, row.goal) for row in rows] == [
        (batches.KERAS.how, batches.FIRST),
        (batches.GRAY.how, None),
        (batches.KERAS.how, batches.LATER),
        (batches.CACHED.how, batches.LATER),
        (batches.GRAY.how, None),
    ]
    assert len({row.what for row in rows}) == len(rows), "by which rows are told apart"
    assert capfd.readouterr().err.count("make peers") == 1


def test_the_other_process_tells_its_version_and_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho 9.8\nwhile read which; do [ "$which" = first ] && echo 3.5 || echo 1.5; done\n')
    python.chmod(0o755)
    with batches.torch_passes(tmp_path, python) as (torch, passes):
        assert (torch.name, torch.how) == ("torch", f"torch 9.8, {batches.TORCH.how}")
        assert [batches.reported(passes(which)) for which in ("later", "first", "later")] == [1.5, 3.5, 1.5]


@pytest.mark.skipif(not batches.PEERS.exists(), reason="make peers has not been called")
def test_torch_answers(films: Films) -> None:
    with batches.torch_passes(films.jpegs) as (torch, passes):
        assert re.match(r"torch \d+\.", torch.how)
        assert passes("first")() > 0
        assert passes("later")() > 0


def test_the_constant_batch_comes_as_often_as_an_epoch_has_steps(films: Films) -> None:
    split = films.split()
    fed = training_step.Batches(lambda epoch: split.batches(4, shuffle_seed=epoch), 3, split.batches(4))
    images = [images for images, _ in training_step.constant(fed).as_numpy_iterator()]
    assert len(images) == 3
    assert all((images[0] == other).all() for other in images)


def test_a_training_is_fed_by_either(effort: Effort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_step, "QUICK", (training_step.Step("cnn", 16, 4),))
    monkeypatch.setattr(training_step, "FEATURES", 8)
    network, head = training_step.measure(effort)
    assert len(network.values) == len(head.values) == 3
    assert "cnn" in network.what
