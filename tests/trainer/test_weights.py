import hashlib
import os
import subprocess
import sys

import keras
import pytest

from trainer.backbones import BACKBONES, Backbone, WeightsFile
from trainer.errors import RunError, UsageError
from trainer.settings import TrainerSettings
from trainer.weights import fetch_weights, name_weights


@pytest.mark.parametrize(
    "settings", [TrainerSettings(weights="random"), TrainerSettings(backbone="cnn", weights="imagenet")]
)
def test_nothing_is_fetched_for_random_weights_or_the_cnn(settings):
    assert fetch_weights(settings) is None


def test_a_local_file_is_taken_as_it_is_and_never_named_with_its_path(tmp_path):
    file = tmp_path / "net.weights.h5"
    file.write_bytes(b"weights")
    settings = TrainerSettings(weights=str(file))
    assert fetch_weights(settings) == file
    assert name_weights(settings, file) == "net.weights.h5 (sha256 9a129038d9a00aed)"


@pytest.mark.parametrize(
    "weights, message",
    [("image-net", "is not imagenet, random, or a .weights.h5"), ("/nowhere/a.weights.h5", "there is no such file")],
)
def test_weights_that_are_not_there_are_named(weights, message):
    with pytest.raises(UsageError, match=message):
        fetch_weights(TrainerSettings(weights=weights))


def test_an_unreachable_download_names_both_ways_out_in_one_line(tmp_path):
    """In a process of its own: Keras reads KERAS_HOME, and urllib the proxy, once."""
    script = (
        "from trainer.weights import fetch_weights; from trainer.settings import TrainerSettings\n"
        "from trainer.errors import RunError\n"
        "try: fetch_weights(TrainerSettings())\n"
        "except RunError as error: print(error)\n"
    )
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KERAS_HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",  # the discard port: closed
        "no_proxy": "",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=environment, capture_output=True, text=True
    )
    assert len(done.stdout.splitlines()) == 1, done.stdout + done.stderr
    assert "the ImageNet weights of inception_resnet_v2 could not be downloaded" in done.stdout
    assert "trainer.weights=FILE" in done.stdout
    assert "KERAS_HOME" in done.stdout
    assert not list((tmp_path / "models").iterdir())


def test_a_download_is_checked_and_then_taken_from_the_cache(tmp_path, monkeypatch, capsys):
    source = tmp_path / "served" / "weights_for_a_test.h5"
    source.parent.mkdir()
    source.write_bytes(b"weights")
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "home"), raising=True)

    def serve(md5: str) -> TrainerSettings:
        file = WeightsFile(source.as_uri(), md5)
        network = Backbone(
            build=lambda _: keras.Sequential(), scale=lambda x: x, frozen=True, minimum_side=8, imagenet=file
        )
        monkeypatch.setitem(BACKBONES, "inception_resnet_v2", network)
        return TrainerSettings()

    with pytest.raises(RunError, match="could not be downloaded"):
        fetch_weights(serve("0" * 32))
    settings = serve(hashlib.md5(b"weights").hexdigest())
    fetched = fetch_weights(settings)
    source.unlink()
    assert fetch_weights(settings) == fetched
    assert fetched is not None
    assert fetched.read_bytes() == b"weights"
    assert capsys.readouterr().out == ""
