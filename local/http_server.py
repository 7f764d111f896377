"""The HTTP server of the local run: one port, in front of the gateway."""

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from aiohttp import web

from chalicelib.http.streaming import offered

from .gateway import LARGEST_BODY, Answer, Gateway, too_large
from .log_stream import LogStreams

THREADS = 32  # a call that waits for a deployment holds one for up to 25 s


class HttpServer:
    """Serves the gateway on a port from a thread of its own; ``pages`` go before it.

    With ``streams``, logs can be followed.
    """

    def __init__(
        self,
        gateway: Gateway,
        host: str,
        port: int,
        pages: Iterable[web.RouteDef] = (),
        streams: LogStreams | None = None,
    ) -> None:
        self._gateway = gateway
        self._streams = streams
        self._pages = pages
        self._address = (host, port)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http", daemon=True)
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            auto_decompress=False,  # API Gateway passes compressed bodies on as they are
            shutdown_timeout=1,
        )

    def start(self) -> int:
        """Begin to serve; the port, which the system chooses for 0.

        Raises ``OSError`` when the port is taken.
        """
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Close every connection; threads that answer one still finish."""
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST_BODY)
        application.add_routes(self._pages)
        if self._streams:
            application.cleanup_ctx.append(self._streams.connection)
        application.router.add_route("*", r"/{path:[\s\S]*}", self._respond)
        return application

    async def _serve(self) -> int:
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if self._streams is None or request.method != "GET":
            return _response(await self._answer(request))
        with offered() as followings:
            answer = await self._answer(request)
        if answer[0] == 200 and followings:
            return await self._streams.relay(request, answer[1], followings[0])
        return _response(answer)

    async def _answer(self, request: web.Request) -> Answer:
        if (request.content_length or 0) > LARGEST_BODY:
            return too_large()
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return too_large()
        return await self._loop.run_in_executor(
            self._pool,
            copy_context().run,
            self._gateway.handle,
            request.method,
            request.raw_path,
            request.headers,
            body,
            request.remote or "",
        )


def _response(answer: Answer) -> web.Response:
    status, headers, body = answer
    return web.Response(status=status, headers=headers, body=body)
