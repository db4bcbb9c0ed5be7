"""What a server's answers tell of the model behind it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cxr_client import CxrClient, Retries
from serving.prediction import Prediction, without_answer
from serving.remote_model import RemoteModel
from tests.serving.client.conftest import film
from tests.serving.client.stub import StubModel, rest
from trainer.errors import RunError, UsageError


@pytest.fixture
def remote() -> RemoteModel:
    transport = httpx.MockTransport(rest(StubModel()))
    return RemoteModel(lambda: CxrClient("http://stub", transport=transport))


def prediction(covid: float, score: float, version: str | None = "7") -> Prediction:
    return Prediction(
        path=Path("film.png"),
        label="covid",
        score=score,
        positive=score >= 0.5,
        valid=True,
        error="",
        probabilities={"covid": covid, "healthy": 1 - covid},
        version=version,
    )


def test_a_film_without_an_answer_is_invalid(remote: RemoteModel, tmp_path: Path) -> None:
    paths = [tmp_path / "good.png", tmp_path / "bad.png"]
    paths[0].write_bytes(film(200))
    paths[1].write_bytes(b"no film")
    good, bad = remote.predict(paths)
    assert (good.label, good.valid, good.version) == ("covid", True, None)
    assert (bad.label, bad.score, bad.positive, bad.valid, bad.probabilities) == ("invalid", -1, False, False, {})
    assert "none of JPEG" in bad.error
    assert [found.path for found in (good, bad)] == paths


def test_the_positive_class_is_the_one_whose_probability_is_the_score(remote: RemoteModel) -> None:
    assert remote.answers([prediction(0.75, 0.75), prediction(0.5, 0.5)]).positive == "covid"
    assert remote.answers([prediction(0.75, 0.25)]).positive == "healthy"
    for ambiguous in ([prediction(0.5, 0.5)], [prediction(0.75, 0.75), prediction(0.75, 0.25)], []):
        assert remote.answers(ambiguous).positive is None


def test_a_threshold_is_told_if_the_answers_have_but_one(remote: RemoteModel) -> None:
    one, other = prediction(0.75, 0.75), replace(prediction(0.75, 0.75), threshold=0.25)
    assert remote.answers([one]).threshold is None
    assert remote.answers([other, without_answer(Path("bad.png"), "not answered")]).threshold == 0.25
    both = remote.answers([one, other])
    assert both.threshold is None
    assert both.notes == ["the answers have different thresholds; --json and --csv show that of each film"]


def test_a_version_is_named_if_there_was_but_one(remote: RemoteModel) -> None:
    assert remote.answers([prediction(0.75, 0.75)]).version == "7"
    assert remote.answers([prediction(0.75, 0.75, None)]).version is None
    both = remote.answers([prediction(0.75, 0.75), prediction(0.75, 0.75, "8")])
    assert both.version is None
    assert both.notes == ["versions 7, 8 answered: the server changed over meanwhile"]


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: CxrClient("ftp://host"), UsageError, "URL 'ftp://host' is not one of"),
        (lambda: CxrClient("http://127.0.0.1:9", retries=Retries(1)), RunError, "no answer, or the server is too busy"),
    ],
)
def test_the_clients_complaints_are_the_projects(
    make: Callable[[], CxrClient], error: type[Exception], message: str, tmp_path: Path
) -> None:
    (tmp_path / "film.png").write_bytes(film(9))
    with pytest.raises(error, match=message):
        list(RemoteModel(make).predict([tmp_path / "film.png"]))
