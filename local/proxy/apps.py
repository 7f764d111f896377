"""The apps' side: connections that are kept open from one request to the next."""

import asyncio
import time
from collections import defaultdict
from http import HTTPStatus

import httptools

from local.doors import Doors
from local.proxy.client import Request
from local.proxy.headers import chunk
from local.proxy.wire import Wire

_CONNECT_SECONDS = 10
_IDLE_SECONDS = 15
_SWITCHING = HTTPStatus.SWITCHING_PROTOCOLS
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED, _SWITCHING}


class Unanswered(Exception):
    """The app has closed the connection, or sent what is not HTTP, before it answered."""


class App(Wire):
    """A connection to an app; its answers go to the client as they come."""

    _parser: httptools.HttpResponseParser
    _request: Request

    def __init__(self) -> None:
        super().__init__(httptools.HttpResponseParser)
        self.is_reusable = False
        self.idle_since = 0.0
        self._done: asyncio.Future[int] | None = None
        self._status = 0
        self._reason = b""
        self._answer: list[bytes] = []
        self._is_chunked = False
        self._ends_with_connection = False

    def ask(self, request: Request) -> "asyncio.Future[int]":
        """Send a request; the status of its answer, once the client was sent all of that.

        Raises ``Unanswered``. An answer that breaks off breaks off the client's connection too.
        """
        self._request, self._status, self.is_reusable = request, 0, False
        self._done = asyncio.get_running_loop().create_future()
        if self.transport.is_closing():
            self._done.set_exception(Unanswered())
        else:
            request.send_to(self)
        return self._done

    @property
    def _is_asked(self) -> bool:
        return self._done is not None and not self._done.done()

    def take(self, data: bytes) -> None:
        """What a WebSocket says is passed on as it is."""
        self._answer.append(data)

    def refuse(self) -> None:
        """Have no more to do with it."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Send the client at once what comes at once."""
        super().data_received(data)
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """End the answer, or break it off."""
        if not self._done or self._done.done():
            return
        if not self._status:
            self._done.set_exception(Unanswered())
        elif self._is_raw or (self._ends_with_connection and not error):
            self._end()
        else:
            self._done.set_result(self._status)
            self._request.client.transport.abort()

    def on_message_begin(self) -> None:
        """Make room for the answer."""
        if not self._is_asked:
            raise ValueError("Nobody has asked.")
        super().on_message_begin()
        self._reason = b""

    def on_status(self, reason: bytes) -> None:
        """Keep this part of the reason."""
        self._reason += reason

    def on_headers_complete(self) -> None:
        """Begin the answer to the client; only to a change of protocol is there an interim one."""
        super().on_headers_complete()
        status = self._parser.get_status_code()
        if status >= 200 or status == _SWITCHING:
            self._status = status
            self._begin()

    def _begin(self) -> None:
        request, is_head = self._request, self._request.method == "HEAD"
        ends = self.headers.get(b"content-length") is None and self._status not in _BODILESS
        self._is_chunked = ends and not is_head and request.version != "1.0"
        self._ends_with_connection = ends and self.headers.get(b"transfer-encoding") is None
        if self._status == _SWITCHING:
            lines = self.headers.lines()
        else:
            lines = self.headers.end_to_end()
            request.is_last |= ends and request.version == "1.0"
        if self._is_chunked:
            lines.append(b"Transfer-Encoding: chunked")
        first_line = b"HTTP/1.1 %d %b" % (self._status, self._reason)
        self._answer.append(request.answer_head(first_line, lines))
        if is_head:
            # The parser waits for the body that the head tells of.
            self._end()

    def on_body(self, data: bytes) -> None:
        """Pass a part of the body on."""
        self._answer.append(chunk(data) if self._is_chunked else data)

    def on_message_complete(self) -> None:
        """End the answer."""
        if self._status and self._status != _SWITCHING and self._is_asked:
            request = self._request
            keeps = self._parser.should_keep_alive()
            self.is_reusable = keeps and request.is_whole and not request.upgrade
            self._end()

    def _end(self) -> None:
        if self._is_chunked:
            self._answer.append(chunk(b""))
        self._flush()
        if self._done:
            self._done.set_result(self._status)

    def _flush(self) -> None:
        if self._answer:
            self._request.client.send(b"".join(self._answer))
            self._answer.clear()


class Apps:
    """The connections to all apps by the numbers of their instances."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._idle: defaultdict[int, list[App]] = defaultdict(list)

    async def ask(self, number: int, request: Request) -> int:
        """Hand a request to an instance; the status of the answer, once that is sent.

        Raises ``OSError`` or ``TimeoutError`` when it cannot be reached, ``Unanswered``.
        """
        # Only what may be sent twice goes over a connection that the app may just be closing.
        if request.is_repeatable and (kept := self._kept(number)):
            try:
                return await self._ask(kept, number, request)
            except Unanswered:
                pass
        return await self._ask(await self._connect(number), number, request)

    async def tidy(self) -> None:
        """Close for ever what nobody has used for a while."""
        while True:
            await asyncio.sleep(_IDLE_SECONDS / 3)
            limit = time.monotonic() - _IDLE_SECONDS
            for number, idle in list(self._idle.items()):
                self._idle[number] = [each for each in idle if each.idle_since > limit]
                for each in idle:
                    if each.idle_since <= limit:
                        each.transport.close()

    async def _ask(self, app: App, number: int, request: Request) -> int:
        try:
            return await app.ask(request)
        finally:
            app.source = request.client.source = None
            if app.is_reusable:
                app.idle_since = time.monotonic()
                app.transport.resume_reading()
                self._idle[number].append(app)
            else:
                app.transport.close()

    def _kept(self, number: int) -> App | None:
        idle = self._idle[number]
        while idle:
            if not (app := idle.pop()).transport.is_closing():
                return app
        return None

    async def _connect(self, number: int) -> App:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_CONNECT_SECONDS):
            way = await self._doors.to(number).connect()
        _, app = await loop.create_connection(App, sock=way)
        return app
