import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from trainer import checkpoint
from trainer.checkpoint import State, load_arrays, save_arrays
from trainer.errors import RunError


def test_a_state_comes_back_as_it_was_saved(tmp_path):
    numbers = tuple(np.float32(index) * np.ones((index, 2), np.float32) for index in range(12))
    state = State(({"loss": 0.1, "eval_loss": 0.25},), numbers, numbers[:3])
    state.save(tmp_path / "new" / "state.npz")
    loaded = State.load(tmp_path / "new" / "state.npz")
    assert loaded is not None
    assert loaded.history == state.history
    for one, other in zip((*loaded.current, *loaded.best), (*state.current, *state.best), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_file_is_no_state(tmp_path):
    assert State.load(tmp_path / "state.npz") is None


def test_a_process_killed_at_any_moment_leaves_a_whole_state(tmp_path):
    saving = """
import sys, itertools, pathlib, numpy as np
from trainer.checkpoint import State
for epoch in itertools.count(1):
    values = tuple(np.full(20_000, epoch) for _ in range(5))
    State(tuple({"eval_loss": 1.0} for _ in range(epoch)), values, values).save(pathlib.Path(sys.argv[1]))
    print(epoch, flush=True)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for attempt, wait in enumerate(np.random.default_rng(0).uniform(0, 0.02, 6)):
        file = tmp_path / str(attempt) / "state.npz"
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", saving, str(file)], env=environment, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            finished = int(process.stdout.readline())
            time.sleep(wait)
            process.kill()
            finished = max([finished, *map(int, process.stdout.read().split())])
        state = State.load(file)
        assert state is not None
        assert finished <= len(state.history) <= finished + 1
        assert {float(value) for array in (*state.current, *state.best) for value in array} == {len(state.history)}


def test_a_damaged_file_is_named(tmp_path):
    file = tmp_path / "state.npz"
    save_arrays(file, {"a": np.arange(1000)})
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"state.npz is damaged.*delete it"):
        load_arrays(file)


def test_pickles_are_not_loaded(tmp_path):
    np.savez(tmp_path / "state.npz", a=np.array([{}], dtype=object))
    with pytest.raises(RunError, match="is damaged"):
        load_arrays(tmp_path / "state.npz")


def test_two_processes_that_save_the_same_file_at_once_leave_one_of_both_whole(tmp_path, monkeypatch):
    file, real = tmp_path / "state.npz", np.savez

    def meanwhile(stream, **arrays):
        monkeypatch.setattr(checkpoint.np, "savez", real)
        save_arrays(file, {"a": np.zeros(1000)})
        real(stream, **arrays)

    monkeypatch.setattr(checkpoint.np, "savez", meanwhile)
    save_arrays(file, {"a": np.ones(1000)})
    np.testing.assert_array_equal(load_arrays(file)["a"], np.ones(1000))
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_another_run_removes_meanwhile_is_told_in_a_line(tmp_path, monkeypatch, capsys):
    file, real = tmp_path / "of both" / "state.npz", np.savez

    def removed(stream, **arrays):
        real(stream, **arrays)
        shutil.rmtree(file.parent)

    monkeypatch.setattr(checkpoint.np, "savez", removed)
    save_arrays(file, {"a": np.ones(10)})
    said = capsys.readouterr().err
    assert said == f"{file} was not kept, for another run has removed its folder; this one goes on without it\n"
    monkeypatch.undo()
    save_arrays(file, {"a": np.ones(10)})
    assert load_arrays(file) is not None, "the next one is kept again"


def test_drafts_of_killed_processes_are_removed_in_time_and_those_of_others_stay(tmp_path):
    killed, written, of_another = (tmp_path / f".{name}.draft" for name in ("a.npz.1", "a.npz.2", "b.npz.1"))
    for draft in (killed, written, of_another):
        draft.touch()
    for draft in (killed, of_another):
        os.utime(draft, times=(time.time() - 2 * checkpoint.ABANDONED,) * 2)
    save_arrays(tmp_path / "a.npz", {"a": np.ones(10)})
    assert set(tmp_path.iterdir()) == {tmp_path / "a.npz", written, of_another}
