"""The client for asyncio does what the other does, and lets others go on."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from cxr_client import AsyncCxrClient, CxrClient, DeadlineError, FilmErrors, Timeout, UnavailableError
from tests.serving.client.conftest import AT_ONCE, film
from tests.serving.client.stub import StubModel, grpc_server, rest
from tests.serving.client.test_session import BUSY

Client = Callable[..., AsyncCxrClient]


@pytest.fixture(params=["rest", "grpc"])
def make(request: pytest.FixtureRequest, model: StubModel) -> Iterator[Client]:
    if request.param == "rest":
        transport = httpx.MockTransport(rest(model))
        yield lambda **options: AsyncCxrClient("http://stub", **{"retries": AT_ONCE, "transport": transport, **options})
        return
    with grpc_server(model) as port:
        yield lambda **options: AsyncCxrClient(f"grpc://127.0.0.1:{port}", **{"retries": AT_ONCE, **options})


def test_films_get_their_predictions_in_order(make: Client, model: StubModel) -> None:
    model.refusals = [BUSY]

    async def main() -> None:
        async with make() as client:
            found = await client.predict([film(level) for level in range(20)], explain=True)
            assert [round(255 * prediction.score) for prediction in found] == list(range(20))
            assert all(prediction.heatmap for prediction in found)
            with pytest.raises(FilmErrors, match="1 of 2 films"):
                await client.predict([film(3), b"no film"])
            assert [result.index async for result in client.iter_predict([film(3), b"no film"])] == [0, 1]

    asyncio.run(main())


def test_calls_run_side_by_side(model: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    row, meeting = model._row, threading.Barrier(4)

    def together(film: bytes, explain: bool) -> dict[str, object]:
        meeting.wait(10)  # breaks unless four are asked at once
        return row(film, explain=explain)

    monkeypatch.setattr(model, "_row", together)

    async def main() -> None:
        with grpc_server(model) as port:
            async with AsyncCxrClient(f"grpc://127.0.0.1:{port}") as client:
                await asyncio.gather(*(client.predict([film(level)]) for level in range(4)))

    asyncio.run(main())


def test_tries_end(make: Client, model: StubModel) -> None:
    model.refusals = [BUSY] * 4

    async def main() -> None:
        async with make() as client:
            with pytest.raises(UnavailableError, match="after 4 tries"):
                await client.predict([film(1)])

    asyncio.run(main())


def test_a_reply_that_does_not_come_ends_with_the_try() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        raise AssertionError

    async def main() -> None:
        transport = httpx.MockTransport(answer)
        async with AsyncCxrClient("http://stub", transport=transport, timeout=Timeout(attempt=0.05)) as client:
            with pytest.raises(DeadlineError, match=r"no answer within 0.05 s"):
                await client.predict([film(1)])

    asyncio.run(main())


def test_status_metadata_and_waiting(model: StubModel) -> None:
    async def main() -> None:
        with grpc_server(model) as port:
            async with AsyncCxrClient(f"grpc://127.0.0.1:{port}") as client:
                assert (await client.status())[0].is_available
                assert (await client.metadata()).version == (await client.wait_ready()).version

    asyncio.run(main())


def test_both_clients_have_the_same_face() -> None:
    def face(client: type) -> dict[str, list[tuple[str, object]]]:
        methods = {name: method for name, method in vars(client).items() if not name.startswith("_")}
        return {
            name: [(parameter.name, parameter.default) for parameter in inspect.signature(method).parameters.values()]
            for name, method in {**methods, "__init__": client.__init__}.items()  # type: ignore[misc]
        }

    assert face(AsyncCxrClient) == face(CxrClient)
