"""The clients' side: connections, and the requests that come over them."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import httptools

from local.proxy.headers import HOP_BY_HOP, Headers, chunk, head
from local.proxy.pages import Page
from local.proxy.wire import Wire

_REPEATABLE = {"GET", "HEAD", "OPTIONS"}
_DROPPED = HOP_BY_HOP | {
    b"expect",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Request:
    """A request: its head, and its body as it comes; that waits until an app takes it."""

    def __init__(self, client: "Client", method: str, target: bytes, headers: Headers) -> None:
        self.client = client
        self.method = method
        self.target = target
        self.headers = headers
        self.host = (headers.get(b"host") or b"").decode("latin-1")
        self.accepts = (headers.get(b"accept") or b"").decode("latin-1")
        self.upgrade = b""
        self.version = "1.1"
        self.is_last = False
        self.is_whole = False
        self._is_chunked = headers.get(b"transfer-encoding") is not None
        self._app: Wire | None = None
        self._is_over = False
        self._waiting: list[bytes] = []

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows whether an app has read it."""
        has_body = self._is_chunked or self.headers.get(b"content-length") not in {None, b"0"}
        return self.method in _REPEATABLE and not has_body

    def send_to(self, app: Wire) -> None:
        """Send it to the app: what has come of it now, the rest as it comes."""
        self._app = app
        app.send(b"".join([self._head(), *self._waiting]))
        self._waiting.clear()
        app.fill_from(self.client)
        self.client.fill_from(app)

    def on_body(self, data: bytes) -> None:
        """A part of the body has come."""
        self.pass_on(chunk(data) if self._is_chunked else data)

    def on_end(self) -> None:
        """All of the body has come."""
        self.is_whole = True
        if self._is_chunked and not self.upgrade:
            self.pass_on(chunk(b""))

    def pass_on(self, data: bytes) -> None:
        """Give the bytes to the app, or keep them for it."""
        if self._app:
            self._app.send(data)
        elif not self._is_over:
            self._waiting.append(data)
            self.client.transport.pause_reading()

    def end(self) -> None:
        """It is answered; what still comes of it is dropped."""
        self._is_over, self._app = True, None
        self.client.source = None

    def reply(self, page: Page) -> int:
        """Answer with a page; its status."""
        first_line = f"HTTP/1.1 {page.status} {HTTPStatus(page.status).phrase}"
        body = b"" if self.method == "HEAD" else page.body
        self.client.send(self.answer_head(first_line.encode(), page.lines) + body)
        return page.status

    def answer_head(self, first_line: bytes, lines: list[bytes]) -> bytes:
        """The head of an answer, which says whether it is the last on this connection."""
        if self.is_last:
            lines.append(b"Connection: close")
        elif self.version == "1.0":
            lines.append(b"Connection: keep-alive")
        return head(first_line, lines)

    def _head(self) -> bytes:
        lines = self.headers.end_to_end(without=_DROPPED)
        before = self.headers.get(b"x-forwarded-for")
        way = b"%b, %b" % (before, self.client.address) if before else self.client.address
        lines += [
            b"X-Forwarded-For: " + way,
            b"X-Forwarded-Proto: http",
            b"X-Forwarded-Host: " + (self.headers.get(b"host") or b""),
        ]
        if self._is_chunked:
            lines.append(b"Transfer-Encoding: chunked")
        if self.upgrade == b"websocket":
            lines += [b"Connection: Upgrade", b"Upgrade: websocket"]
        return head(b"%b %b HTTP/1.1" % (self.method.encode(), self.target), lines)


class Client(Wire):
    """A client's connection: its requests are answered one after the other."""

    _parser: httptools.HttpRequestParser

    def __init__(
        self, answer: Callable[[Request], Awaitable[None]], clients: "set[Client]"
    ) -> None:
        super().__init__(httptools.HttpRequestParser)
        self.address = b"unknown"
        self._answer = answer
        self._clients = clients
        self._target = b""
        self._coming: Request | None = None
        self._requests: deque[Request] = deque()
        self.work: asyncio.Task[None] | None = None

    def take(self, data: bytes) -> None:
        """What a WebSocket says is passed on as it is."""
        if self._coming:
            self._coming.pass_on(data)

    def refuse(self) -> None:
        """Say that this is no HTTP, unless amid an answer, and hang up."""
        if self._requests:
            self.transport.abort()
        else:
            self.send(_REFUSAL)
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember who it is."""
        super().connection_made(transport)
        if peer := transport.get_extra_info("peername"):
            self.address = peer[0].encode()
        self._clients.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Nobody waits for the answer any more."""
        self._clients.discard(self)
        if self.work:
            self.work.cancel()

    def on_message_begin(self) -> None:
        """Make room for the next request."""
        super().on_message_begin()
        self._target = b""

    def on_url(self, part: bytes) -> None:
        """Keep this part of the target."""
        self._target += part

    def on_headers_complete(self) -> None:
        """Answer the request, when those before it are answered."""
        super().on_headers_complete()
        self._coming = request = self._request()
        if self.headers.get(b"expect"):
            self.send(_CONTINUE)
        self._requests.append(request)
        if len(self._requests) > 1:
            self.transport.pause_reading()
        else:
            self.work = asyncio.get_running_loop().create_task(self._respond())

    def on_body(self, data: bytes) -> None:
        """Pass a part of the body on."""
        if self._coming:
            self._coming.on_body(data)

    def on_message_complete(self) -> None:
        """Hang up behind a last request that was answered before it was whole."""
        if self._coming:
            self._coming.on_end()
            if self._coming.is_last and not self._requests:
                self.transport.close()

    def _request(self) -> Request:
        method = self._parser.get_method().decode()
        request = Request(self, method, _origin_form(self._target), self.headers)
        request.version = self._parser.get_http_version()
        if self._parser.should_upgrade():
            request.upgrade = (self.headers.get(b"upgrade") or b"none").lower()
        # Behind a request to change the protocol there may be anything.
        request.is_last = bool(request.upgrade) or not self._parser.should_keep_alive()
        return request

    async def _respond(self) -> None:
        while self._requests:
            request = self._requests[0]
            try:
                await self._answer(request)
            except Exception:
                logging.exception("%s %s", request.method, request.host)
                self.transport.abort()
            request.end()
            self._requests.popleft()
            self.transport.resume_reading()
            if request.is_last:
                break
        if request.is_last and request.is_whole:
            self.transport.close()


def _origin_form(target: bytes) -> bytes:
    """Path and query exactly as they came, without the host that may stand before them."""
    if target.startswith((b"/", b"*")) or b"://" not in target:
        return target
    path = target.split(b"://", 1)[1].partition(b"/")[2]
    return b"/" + path
