"""The server as a whole: both protocols and the page, on one set of models."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import grpc
import uvicorn
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from tensorflow_serving.apis.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from tensorflow_serving.apis.prediction_service_pb2_grpc import add_PredictionServiceServicer_to_server

from serving.server.body import Bodies
from serving.server.configuration import Source
from serving.server.http_protocol import PunctualProtocol
from serving.server.limits import Limits
from serving.server.models import Models, Say
from serving.server.page.routes import Page
from serving.server.ports import address, is_own
from serving.server.predict import Predictor
from serving.server.rest import RestApi
from serving.server.rpc import ModelService, PredictionService
from serving.server.sampler import Sampler
from serving.server.watch import INTERVAL, Watch
from serving.server.work import Workers
from trainer.errors import UsageError

#: What the real server answers health checks for; "" is the server as a whole.
HEALTH_NAMES: Final = ("", "ModelService", "PredictionService")
#: Seconds that requests get to end in when the server stops.
GRACE: Final = 10

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class LocalServer:
    """Serves the models of a source until it is stopped.

    The ports are open at once, where the real server's open when every model is loaded: until then requests are
    answered NOT_FOUND and the health check NOT_SERVING.

    Args:
        source: which models.
        rest: the socket that HTTP listens on.
        host: that gRPC listens on.
        grpc_port: 0 for any that is free.
        say: is told in a sentence what happens.
        limits: of requests.
        interval: seconds between two looks at the source.
        sampler: keeps numbers of a share of the films; None to keep nothing.
        allow_reload: whether clients may choose the models even if other machines reach this one.
    """

    def __init__(
        self,
        source: Source,
        rest: socket.socket,
        host: str,
        grpc_port: int,
        say: Say,
        limits: Limits | None = None,
        interval: float = INTERVAL,
        sampler: Sampler | None = None,
        *,
        allow_reload: bool = False,
    ) -> None:
        limits = limits or Limits()
        self._rest_socket, self._say, self._sampler = rest, say, sampler
        self._address = address(host, grpc_port)
        self._models = Models(say)
        self._watch = Watch(self._models, source, say, self._tell_health, interval)
        self._workers = Workers(limits)
        predictor, bodies = Predictor(limits, sampler), Bodies(limits)
        rest_api = RestApi(self._models, predictor, self._workers, bodies, limits)
        page = Page(self._models, predictor, self._workers, bodies, limits)
        self._http = _http_server(rest_api, page, limits)
        self._health = health.HealthServicer()
        self._rpc = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", limits.body_bytes),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),  # two servers would share a port, and the requests, in silence
            ],
            maximum_concurrent_rpcs=4 * limits.waiting,
        )
        service = PredictionService(self._models, predictor, self._workers)
        add_PredictionServiceServicer_to_server(service, self._rpc)
        watch = self._watch if allow_reload or is_own(host) else None
        add_ModelServiceServicer_to_server(ModelService(self._models, watch), self._rpc)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._rpc)
        self.grpc_port = grpc_port
        self.rest_port: int = rest.getsockname()[1]

    async def start(self) -> None:
        """Listens, and begins to load.

        Raises:
            UsageError: gRPC cannot listen.
        """
        self._loop = asyncio.get_running_loop()
        await self._set_health(ready=False)
        try:
            self.grpc_port = self._rpc.add_insecure_port(self._address)
        except RuntimeError as error:
            raise UsageError(f"cannot listen on {self._address}; choose another port with --grpc-port") from error
        await self._rpc.start()
        self._serving = asyncio.create_task(self._http.serve([self._rest_socket]))
        if self._sampler:
            self._sampler.start()
        self._watch.start()

    async def stop(self, seconds: float = GRACE) -> bool:
        """Takes no more requests, ends those that there are, and frees all memory.

        Returns:
            Whether all has ended; otherwise a version is still loading, which nothing can stop.
        """
        await self._set_health(ready=False)
        self._http.should_exit = True
        await asyncio.gather(self._rpc.stop(seconds), self._serving)
        await asyncio.to_thread(self._workers.close)
        if self._sampler:
            await asyncio.to_thread(self._sampler.close)
        ended = await asyncio.to_thread(self._watch.stop, seconds)
        if ended:
            await asyncio.to_thread(self._models.close)
        return ended

    def _tell_health(self, ready: bool) -> None:
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._set_health(ready=ready), self._loop)

    async def _set_health(self, *, ready: bool) -> None:
        status = health_pb2.HealthCheckResponse
        for name in HEALTH_NAMES:
            await self._health.set(name, status.SERVING if ready else status.NOT_SERVING)


class _Http(uvicorn.Server):
    """uvicorn without its signal handlers: it would end the process under the other server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _http_server(rest_api: RestApi, page: Page, limits: Limits) -> _Http:
    routes = [*page.routes, Route("/v1/{path:path}", rest_api.answer, methods=_METHODS)]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _as_html})
    app.router.redirect_slashes = False
    return _Http(
        uvicorn.Config(
            app,
            http=PunctualProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=limits.connections,
            # Longer than clients keep idle connections, or a request would meet one that is just being closed.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE,
        )
    )


async def _as_html(request: Request, error: Exception) -> Response:
    """Unknown paths, in HTML as the real server's."""
    assert isinstance(error, HTTPException)
    title = f"{error.status_code} {error.detail}"
    page = f"<!doctype html><html lang=en><title>{title}</title><h1>{error.detail}</h1></html>"
    return HTMLResponse(page, error.status_code, error.headers)
