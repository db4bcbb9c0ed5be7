"""Films through requests to results, over both protocols."""

import time
from collections.abc import Callable, Iterator
from itertools import count

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr_client import (
    CxrClient,
    DeadlineError,
    FilmError,
    FilmErrors,
    Limits,
    Prediction,
    RequestError,
    Retries,
    Timeout,
    UnavailableError,
)
from tests.serving.client.conftest import AT_ONCE, film
from tests.serving.client.stub import CLASSES, POISON, VERSION, Refused, StubModel

Client = Callable[..., CxrClient]
BUSY = Refused(grpc.StatusCode.UNAVAILABLE, 503, "The batch scheduling queue to which this task was submitted is full")


def test_films_get_their_predictions_in_order(client: Client, model: StubModel) -> None:
    found = client().predict([film(200), film(20), film(100)])
    assert [prediction.index for prediction in found] == [0, 1, 2]
    assert [prediction.label for prediction in found] == ["covid", "healthy", "healthy"]
    assert [round(255 * prediction.score) for prediction in found] == [200, 20, 100]
    assert [prediction.positive for prediction in found] == [True, False, False]
    for prediction in found:
        assert tuple(prediction.probabilities) == CLASSES
        assert prediction.probabilities["covid"] == pytest.approx(prediction.score)
        assert (prediction.heatmap, prediction.threshold) == (None, 0.5)
        assert prediction.version in (VERSION, None)
    assert [request[:2] for request in model.requests] == [("serving_default", 3)]


def test_a_model_that_says_no_threshold_is_asked_all_the_same(client: Client, model: StubModel) -> None:
    model.threshold = None
    assert client().predict(film(200))[0].threshold is None


def test_a_film_alone_needs_no_list(client: Client) -> None:
    (prediction,) = client().predict(film(200))
    assert prediction.name == "bytes"


def test_no_films_are_no_request(client: Client, model: StubModel) -> None:
    assert client().predict([]) == []
    assert client().predict([b"no film", b""], strict=False)[1].reason == "unreadable"
    assert model.requests == []


def test_a_bad_film_does_not_sink_the_others(client: Client) -> None:
    films = [film(200), b"no film", film(20), film(30)[:60], film(100)]
    found = client().predict(films, strict=False)
    assert [isinstance(result, FilmError) for result in found] == [False, True, False, True, False]
    assert [result.index for result in found] == list(range(5))
    assert str(found[1]) == ("film 1 (bytes): begins with b'no film', which is none of JPEG, PNG, GIF, BMP, DICOM")
    with pytest.raises(FilmErrors, match=r"2 of 5 films got no answer\n  film 1 .*\n  film 3 ") as caught:
        client().predict(films)
    assert [error.index for error in caught.value.errors] == [1, 3]
    assert [result.score for result in caught.value.results if isinstance(result, Prediction)] == [
        result.score for result in found if isinstance(result, Prediction)
    ]


def test_29_of_32_films_are_answered_where_3_are_broken(client: Client) -> None:
    films = [film(level * 7) for level in range(32)]
    for index, broken in ((3, b""), (17, films[17][:-20]), (31, film(9, extra=POISON))):
        films[index] = broken
    found = client().predict(films, strict=False)
    assert [result.index for result in found if isinstance(result, FilmError)] == [3, 17, 31]
    assert [round(255 * result.score) for result in found if isinstance(result, Prediction)] == [
        level * 7 for level in range(32) if level not in (3, 17, 31)
    ]


def test_a_film_that_only_the_servers_decoder_finds_bad_is_found(client: Client, model: StubModel) -> None:
    films = [film(level) for level in range(8)]
    films[5] += POISON
    found = client().predict(films, strict=False)
    assert [isinstance(result, FilmError) for result in found] == [index == 5 for index in range(8)]
    assert found[5].reason == "undecodable"
    assert found[5].detail == "the server says: Invalid PNG data, size 1000"
    # Halves, and the film alone a second time: another client's film might have been the bad one.
    assert [number for _, number, _ in model.requests] == [8, 4, 4, 2, 1, 1, 1, 2]


def test_a_film_that_fails_with_another_clients_is_asked_again(client: Client, model: StubModel) -> None:
    model.refusals = [Refused(grpc.StatusCode.INVALID_ARGUMENT, 400, "Unknown image file format. One of JPEG")]
    (prediction,) = client().predict([film(200)])
    assert prediction.label == "covid"


def test_a_film_that_the_server_calls_invalid_has_no_class(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxr_client._films._check", lambda content: None)
    (found,) = client().predict([b"no film"], strict=False)
    assert isinstance(found, FilmError)
    assert found.detail == "the server says: not a JPEG, PNG, GIF or BMP file"
    assert not any(name in str(found) for name in CLASSES)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_no_negative_film(score: float, client: Client, model: StubModel) -> None:
    model.score = score
    (found,) = client().predict([film(200)], strict=False)
    assert isinstance(found, FilmError)
    assert found.reason == "not_a_number"


def test_heat_maps_come_when_asked_for(client: Client, model: StubModel) -> None:
    (prediction,) = client().predict([film(200, 80)], explain=True)
    assert prediction.heatmap is not None
    assert prediction.heatmap.overlay().size == (80, 80)
    assert model.requests[0][0] == "explain"


def test_a_server_that_takes_fewer_films_is_sent_fewer(client: Client, model: StubModel) -> None:
    model.at_once = 3
    found = client().predict([film(level) for level in range(20)])
    assert [round(255 * prediction.score) for prediction in found] == list(range(20))
    numbers = [number for _, number, _ in model.requests]
    assert numbers[:2] == [8, 4]
    assert numbers.count(4) == 2  # once learnt, never forgotten
    assert set(numbers[-3:]) == {2}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 9), max_size=30), films=st.integers(1, 6), space=st.integers(120, 300))
def test_requests_keep_to_both_limits_and_films_to_their_order(sizes: list[int], films: int, space: int) -> None:
    from cxr_client._replies import Reply
    from cxr_client._session import Session, Stream

    sent: list[list[bytes]] = []

    class Wire:
        async def predict(self, contents: list[bytes], signature: str, seconds: float) -> Reply:
            sent.append(contents)
            row = {"valid": True, "error": "", "classes": ["a"], "probabilities": [1.0], "label": "a", "positive": True}
            return Reply([{**row, "score": len(content) / 1000} for content in contents], None)

    class Runtime:
        async def aside(self, function: Callable[[], object]) -> object:
            return function()

    # 0 stands for a film that cannot be sent
    given_films = [film(7, extra=bytes(10 * size)) if size else b"" for size in sizes]
    session = Session(Wire(), Runtime(), Timeout(), Retries(), Limits(films_per_request=films, bytes_per_request=space))  # type: ignore[arg-type]
    stream, results = Stream(session, given_films, explain=False), []
    for _ in count():
        coroutine = stream.next()
        with pytest.raises(StopIteration) as done:
            coroutine.send(None)
        if not done.value.value:
            break
        results += done.value.value
    assert [result.index for result in results] == list(range(len(sizes)))
    for result, content in zip(results, given_films, strict=True):
        assert (result.score == len(content) / 1000) if content else (result.reason == "unreadable")
    for request in sent:
        assert 0 < len(request) <= films
        assert len(request) == 1 or sum(map(len, request)) <= space


def test_films_are_read_only_as_they_are_needed(client: Client) -> None:
    taken = []

    def films() -> Iterator[bytes]:
        for level in range(100):
            taken.append(level)
            yield film(level)

    results = client(limits=Limits(films_per_request=4)).iter_predict(films())
    assert next(results).index == 0
    assert len(taken) == 4


def test_a_busy_server_is_asked_again(client: Client, model: StubModel) -> None:
    model.refusals = [BUSY, BUSY]
    assert client().predict([film(200)])[0].label == "covid"
    assert len(model.requests) == 3


def test_tries_end(client: Client, model: StubModel) -> None:
    model.refusals = [BUSY] * 9
    with pytest.raises(UnavailableError, match=r"more requests than it can take.* after 3 tries") as caught:
        client(retries=Retries(attempts=3, base=0, cap=0)).predict([film(200)])
    assert caught.value.cause == "queue_full"
    assert len(model.requests) == 3


def test_a_fault_of_the_callers_is_not_tried_again(client: Client, model: StubModel) -> None:
    model.refusals = [Refused(grpc.StatusCode.FAILED_PRECONDITION, 400, "something that nobody has seen before")]
    with pytest.raises(RequestError, match="the server refuses the request"):
        client().predict([film(200)])
    assert len(model.requests) == 1


def test_no_pause_goes_beyond_the_total_deadline(
    client: Client, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    model.refusals = [BUSY] * 9
    slow = client(timeout=Timeout(total=1), retries=Retries(base=30, cap=30))
    with pytest.raises(UnavailableError):
        slow.predict([film(200)])
    assert len(model.requests) == 1


def test_the_total_deadline_ends_a_call_of_many_requests(client: Client, model: StubModel) -> None:
    def films() -> Iterator[bytes]:
        for level in range(100):
            time.sleep(0.02)
            yield film(level)

    with pytest.raises(DeadlineError, match=r"no answer within Timeout\(total=0.2\)"):
        client(timeout=Timeout(total=0.2), limits=Limits(films_per_request=1)).predict(films())
    assert 0 < len(model.requests) < 20


def test_the_api_key_and_headers_go_with_every_request(client: Client, model: StubModel) -> None:
    client(api_key="secret", headers={"Trace": "t1"}).predict([film(200)])
    ((_, _, header),) = model.requests
    assert (header["x-api-key"], header["trace"]) == ("secret", "t1")
    assert "secret" not in repr(client(api_key="secret"))


def test_the_pauses_are_drawn_up_to_a_doubling_bound() -> None:
    retries = Retries(base=1, cap=5)
    for failures, bound in ((1, 1), (2, 2), (3, 4), (4, 5), (99, 5)):
        drawn = [retries.pause(failures) for _ in range(200)]
        assert 0 <= min(drawn) < bound / 4 < 3 * bound / 4 < max(drawn) <= bound
    assert AT_ONCE.pause(1) == 0
