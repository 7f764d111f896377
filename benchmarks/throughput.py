"""Requests a second over connections that are kept open, by a client that costs little itself."""

import asyncio
from typing import cast

import httptools
import uvloop

REQUESTS, AT_ONCE = 10_000, 32


def rate(port: int, host: str) -> float:
    """How many ``GET /`` of this host the server on the port answers in a second.

    Raises ``RuntimeError`` on an answer that is not 200 and ``ConnectionError``.
    """
    return uvloop.run(_rate(port, host))


async def _rate(port: int, host: str) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    visitors = [
        (await loop.create_connection(lambda: _Visitor(host), "127.0.0.1", port))[1]
        for _ in range(AT_ONCE)
    ]
    await asyncio.gather(*(visitor.done for visitor in visitors))
    return REQUESTS // AT_ONCE * AT_ONCE / (loop.time() - began)


class _Visitor(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    transport: asyncio.Transport

    def __init__(self, host: str) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._question = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._left = REQUESTS // AT_ONCE
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._question)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("The connection was closed."))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._left -= 1
        if (status := self._parser.get_status_code()) != 200:
            self.done.set_exception(RuntimeError(status))
        elif self._left:
            self.transport.write(self._question)
        else:
            self.done.set_result(None)
            self.transport.close()
