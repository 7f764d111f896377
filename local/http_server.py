"""The HTTP server of the local run: one port, in front of the gateway."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from .gateway import Gateway

THREADS = 32  # a call that waits for a deployment holds one for up to 25 s


class HttpServer:
    """Serves the gateway on a port from a thread of its own."""

    def __init__(self, gateway: Gateway, host: str, port: int) -> None:
        self._gateway = gateway
        self._address = (host, port)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Begin to serve. Raises ``OSError`` when the port is taken."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()

    async def _serve(self) -> None:
        server = web.Server(self._answer, access_log=None)
        runner = web.ServerRunner(server)
        await runner.setup()
        await web.TCPSite(runner, *self._address).start()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        status, headers, text = await self._loop.run_in_executor(
            self._pool,
            self._gateway.handle,
            request.method,
            request.raw_path,
            dict(request.headers),
            body,
            request.remote or "",
        )
        return web.Response(status=status, headers=headers, body=text)
