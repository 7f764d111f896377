"""Sends one request to where a webhook leads, and to nowhere else.

The URL passes the egress guard, the connection goes to the very address that was judged, no
redirect is followed, no proxy is used, and all of it is over after ten seconds.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from ..security.egress import Target, UnsafeUrl, check_url
from ..settings import settings

SECONDS = 10
MOST_ADDRESSES = 2
MOST_BYTES = 64 * 1024
SHOWN_CHARACTERS = 2_000


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or the reason why there is none."""

    duration_ms: int
    status: int | None = None
    body: str = ""
    retry_after: str | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def send(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Post the body; whatever goes wrong is told by the answer."""
    begun = time.monotonic()
    try:
        return _post(_target(url), headers, body, begun)
    except (UnsafeUrl, OSError, HTTPException) as error:
        return Answer(_since(begun), error=_reason(error, _since(begun)))


def _target(url: str) -> Target:
    allowed = settings()
    return check_url(
        url, schemes=allowed.webhook_schemes, allow_loopback=allowed.allow_loopback, resolve=True
    )


def _post(target: Target, headers: Mapping[str, str], body: bytes, begun: float) -> Answer:
    connection = _Pinned(target)
    with _deadline(connection):
        connection.request("POST", _path(target.url), body, dict(headers))
        with connection.answer() as response:
            text = _beginning(response)
    after = response.getheader("Retry-After")
    return Answer(_since(begun), response.status, text, after)


def _beginning(response: HTTPResponse) -> str:
    """The first of what was answered. The status is the answer: a body that breaks off is none."""
    try:
        found = response.read(MOST_BYTES)
    except (OSError, HTTPException):
        return ""
    text = found.decode("utf-8", "replace")[:SHOWN_CHARACTERS]
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)


class _Pinned(HTTPConnection):
    """A connection to an address of the target, over TLS for ``https``."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port)
        self._target = target
        self._is_cut = False
        self._is_secure = target.url.startswith("https:")
        if self._is_secure:
            self.default_port = 443

    def connect(self) -> None:
        """Connect to the first address that takes it, and prove that it is the host's."""
        self._use(self._dial())
        if self._is_secure:
            wrapped = _tls().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self._use(wrapped)
            wrapped.do_handshake()

    def _use(self, sock: socket.socket) -> None:
        self.sock = sock
        if self._is_cut:
            raise TimeoutError

    def _dial(self) -> socket.socket:
        refused = OSError("no address")
        for address in self._target.addresses[:MOST_ADDRESSES]:
            try:
                return socket.create_connection((address, self.port), SECONDS / MOST_ADDRESSES)
            except OSError as error:
                refused = error
        raise refused

    def answer(self) -> HTTPResponse:
        """The response, all its headers included."""
        response = self.getresponse()
        if self._is_cut:
            raise TimeoutError
        return response

    def cut(self) -> None:
        """End it under whoever reads from it, or as soon as it is there."""
        self._is_cut = True
        with suppress(OSError):
            if self.sock is not None:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


@contextmanager
def _deadline(connection: _Pinned) -> Iterator[None]:
    """Cut the connection when the time is over, however slowly the other side drips."""
    timer = threading.Timer(SECONDS, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)


def _reason(error: Exception, duration_ms: int) -> str:
    """Why there is no answer, in words that show nothing of our side."""
    if isinstance(error, UnsafeUrl):
        return f"The URL {error}"
    if isinstance(error, TimeoutError) or duration_ms >= SECONDS * 1000:
        return f"There was no answer within {SECONDS} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate is not valid: {error.verify_message}"
    return next(text for kind, text in _REASONS.items() if isinstance(error, kind))


_REASONS = {
    ssl.SSLError: "TLS could not be agreed on",
    ConnectionRefusedError: "The connection was refused",
    OSError: "The connection failed or was closed without an answer",
    HTTPException: "The answer was not HTTP",
}
