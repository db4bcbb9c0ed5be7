from pathlib import Path

import pytest
import tensorflow as tf

from pipeline import local
from pipeline.settings import load_settings
from trainer.errors import RunError


def test_a_gpu_that_is_asked_for_and_not_there_ends_the_run_before_a_film_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    for name in ("prepare_process", "log_to"):  # what they set is set for the whole process
        monkeypatch.setattr(local, name, lambda *_, **__: None)
    monkeypatch.setattr(local, "provide_films", never)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: [])
    with pytest.raises(RunError, match=r"trainer.require_gpu is true, but TensorFlow sees no GPU"):
        local.run(load_settings("sample", None, ["trainer.require_gpu=true"]), tmp_path)
    assert not (tmp_path / "films").exists()
