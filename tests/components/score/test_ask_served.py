"""A served model that can be asked, and ones that cannot."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from components.score.ask_served import ask_served
from components.score.films import Films, read_films
from components.score.servable import Servable
from components.score.served_model import ServedModel
from trainer.features import TEST
from trainer.predictions import Predictions
from trainer.servable import ModelInfo


@pytest.fixture(scope="module")
def scored(ingested: SimpleNamespace) -> Films:
    return read_films(sorted(Path(ingested.examples.uri, f"Split-{TEST}").iterdir()))


@pytest.fixture
def candidate(model: Any) -> Path:
    return Path(model.uri, "Format-Serving")


@pytest.fixture
def served(candidate: Path, tmp_path: Path) -> ServedModel:
    shutil.copytree(candidate, tmp_path / "7")
    return ServedModel(version="7", folder=str(tmp_path / "7"), digest="d")


def without_weights(folder: Path) -> None:
    shutil.rmtree(folder / "variables")


def with_half_a_graph(folder: Path) -> None:
    graph = folder / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])


def without_a_graph(folder: Path) -> None:
    (folder / "saved_model.pb").unlink()


def without_model_json(folder: Path) -> None:
    (folder / "model.json").unlink()


def of_other_classes(folder: Path) -> None:
    ModelInfo.read(folder).model_copy(update={"classes": ("covid", "other")}).write(folder)


def of_another_size(folder: Path) -> None:
    ModelInfo.read(folder).model_copy(update={"image_size": 32}).write(folder)


def test_the_same_model_says_the_same(served: ServedModel, candidate: Path, scored: Films) -> None:
    model = Servable(candidate)
    said = ask_served(served, scored, model.info)
    assert isinstance(said, Predictions)
    np.testing.assert_allclose(said.probabilities, model.ask(scored.records)[0], atol=1e-6)
    assert said.image_id == scored.image_id


def test_each_model_decides_at_its_own_threshold(served: ServedModel, candidate: Path, scored: Films) -> None:
    info = ModelInfo.read(candidate)
    said = ask_served(served, scored, info.model_copy(update={"threshold": 0.99}))
    assert isinstance(said, Predictions)
    assert said.threshold == info.threshold


@pytest.mark.parametrize(
    "spoil, why",
    [
        (without_weights, "version 7 cannot be run: "),
        (with_half_a_graph, "version 7 cannot be run: "),
        (without_a_graph, "version 7 cannot be run: "),
        (without_model_json, "model.json is missing"),
        (of_other_classes, "version 7 has classes covid, other; the candidate has covid, healthy"),
        (of_another_size, "version 7 has image size 32; the candidate has 64"),
    ],
)
def test_why_a_served_model_cannot_be_asked_is_one_sentence(
    served: ServedModel, candidate: Path, scored: Films, spoil: Any, why: str
) -> None:
    spoil(Path(served.folder))
    said = ask_served(served, scored, ModelInfo.read(candidate))
    assert isinstance(said, str)
    assert why in said
    assert len(said.splitlines()) == 1
