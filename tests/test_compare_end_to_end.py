"""``cxr compare`` as a whole: the same seed gives the same table, and another setting trains one network anew."""

import copy
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.xdist_group("compare")]

#: Runs the command several times in one process, for TensorFlow takes seconds to load; with a frozen network that is
#: small enough in the place of one that is not.
DRIVER = """
import json, sys
import keras
from cxr.main import main
from trainer.backbones import BACKBONES, Backbone

def small(image_size):
    layers = [keras.Input((image_size, image_size, 3)), keras.layers.Conv2D(8, 5, strides=4, activation="relu")]
    return keras.Sequential(layers, name="small")

BACKBONES["efficientnet_b0"] = Backbone(small, lambda image: image / 255, frozen=True, minimum_side=16, pool=4)
for arguments in json.loads(sys.argv[1]):
    if code := main(arguments, standalone_mode=False):
        sys.exit(code)
"""
SMALL = [
    part
    for setting in (
        "sample.patients=8", "data.image_size=32", "trainer.epochs=2", "compare.networks.cnn.epochs=1",
    )
    for part in ("--set", setting)
]  # fmt: skip


def compare(folder: Path, *calls: list[str]) -> list[dict[str, Any]]:
    """The JSON object of each call."""
    arguments = [["compare", "--models", "cnn,efficientnet_b0", "--json", *SMALL, *call] for call in calls]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    decoder, found, text = json.JSONDecoder(), [], done.stdout.strip()
    while text:
        result, end = decoder.raw_decode(text)
        found.append(result)
        text = text[end:].strip()
    return found


def without_seconds(result: dict[str, Any]) -> dict[str, Any]:
    """Everything that the seed decides."""
    result = copy.deepcopy(result)
    for network in result["networks"]:
        for trial in network["trials"]:
            del trial["seconds_per_epoch"]
            for epoch in trial["training"]["history"]:
                del epoch["seconds"]
    return {key: value for key, value in result.items() if key not in ("components", "report")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def results(folder: Path) -> list[dict[str, Any]]:
    """Two networks; one of them changed, on the same root; the first again on a fresh root; one network in folds."""
    return compare(
        folder,
        ["--root", "a"],
        ["--root", "a", "--set", "compare.networks.efficientnet_b0.epochs=3"],
        ["--root", "b"],
        ["--root", "a", "--folds", "3", "--models", "efficientnet_b0"],
    )


def test_another_setting_of_one_network_trains_that_one_and_no_other(results: list[dict[str, Any]]) -> None:
    first, changed, *_ = results
    assert {name: node["state"] for name, node in first["components"].items()} == {
        "ManifestGen": "ran",
        "XrayExampleGen": "ran",
        "NetworkTrial.cnn": "ran",
        "NetworkTrial.efficientnet_b0": "ran",
    }
    assert {name for name, node in changed["components"].items() if node["state"] == "ran"} == {
        "NetworkTrial.efficientnet_b0"
    }
    assert changed["networks"][0] == first["networks"][0]
    assert len(changed["networks"][1]["trials"][0]["training"]["history"]) == 3


def test_the_same_seed_gives_the_same_table(results: list[dict[str, Any]]) -> None:
    first, _, fresh, _ = results
    assert without_seconds(fresh) == without_seconds(first)


def test_what_is_written_is_what_is_printed_and_names_no_film(folder: Path, results: list[dict[str, Any]]) -> None:
    texts = {name: (folder / "b" / f"compare.{name}").read_text() for name in ("md", "html", "json")}
    assert json.loads(texts["json"])["networks"] == results[2]["networks"]
    assert any("random weights" in warning for warning in results[2]["warnings"])
    assert all(results[2]["warnings"][0] in texts[name] for name in ("md", "json"))
    with (folder / "b" / "manifest" / "manifest.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert not any(row[name] in text for text in texts.values() for name in ("path", "file", "patient_id"))


def test_folds_test_every_film_once(results: list[dict[str, Any]]) -> None:
    result = results[3]
    films = sum(sum(counts.values()) for counts in result["films"].values())
    (network,) = result["networks"]
    assert sum(map(sum, network["at_threshold"]["confusion"])) == films
    assert len(network["trials"]) == len(network["spread"]["accuracy"]["values"]) == 3
    assert result["pairs"] == []
    assert sorted(result["films"]["covid"]) == ["fold1", "fold2", "fold3"]
