import hashlib
import os
import subprocess
import sys
from dataclasses import replace

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
    frozen = [name for name, backbone in BACKBONES.items() if backbone.frozen]
    script = (
        "import sys; from trainer.weights import fetch_weights; from trainer.settings import TrainerSettings\n"
        "from trainer.errors import RunError\n"
        "for name in sys.argv[1:]:\n"
        "    try: fetch_weights(TrainerSettings(backbone=name))\n"
        "    except RunError as error: print(error)\n"
    )
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KERAS_HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",  # the discard port: closed
        "no_proxy": "",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *frozen], env=environment, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(frozen) == 5, done.stdout + done.stderr
    for name, line in zip(frozen, lines, strict=True):
        file = BACKBONES[name].imagenet
        assert file is not None
        assert f"the ImageNet weights of {name} could not be downloaded" in line
        assert "trainer.weights=FILE" in line
        assert "KERAS_HOME" in line
        assert line.endswith(f"models/{file.name}")
    assert not list((tmp_path / "models").iterdir())


def test_a_download_is_checked_and_then_taken_from_the_cache(tmp_path, monkeypatch, capsys):
    source = tmp_path / "served" / "weights_for_a_test.h5"
    source.parent.mkdir()
    source.write_bytes(b"weights")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(home), raising=True)

    def serve(md5: str) -> TrainerSettings:
        file = WeightsFile(source.as_uri(), md5, "as_keras_calls_it.h5")
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
    assert fetched == home / "models" / "as_keras_calls_it.h5"
    assert fetched.read_bytes() == b"weights"
    assert capsys.readouterr().out == ""


def test_a_full_cache_that_cannot_be_written_to_is_taken_as_it_is(tmp_path, monkeypatch):
    """Keras itself would look into /tmp/.keras instead."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.h5").write_bytes(b"weights")
    nowhere = WeightsFile("file:///nowhere/net.h5", hashlib.md5(b"weights").hexdigest())
    monkeypatch.setitem(BACKBONES, "vgg16", replace(BACKBONES["vgg16"], imagenet=nowhere))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert fetch_weights(TrainerSettings(backbone="vgg16")) == tmp_path / "models" / "net.h5"
