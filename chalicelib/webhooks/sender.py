"""Sends one request to where a webhook leads, and to nowhere else.

The URL passes the egress guard, the connection goes to the very address that was judged, no
redirect is followed, no proxy is used, and all of it, the look-up too, is over after ten seconds.
"""

import socket
import ssl
import string
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlsplit

import h11

from ..security.egress import PORTS, Target, UnsafeUrl, check_url
from ..settings import settings

SECONDS = 10
MOST_ADDRESSES = 4
MOST_BYTES = 64 * 1024
SHOWN_CHARACTERS = 1_000


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


class _Clock:
    """Counts from its making, in seconds."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def since(self) -> float:
        return time.monotonic() - self._begun

    def left(self) -> float:
        """What is left of the time for all. Raises ``TimeoutError`` when that is nothing."""
        left = SECONDS - self.since()
        if left <= 0:
            raise TimeoutError
        return left


def send(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Post the body; whatever goes wrong is told by the answer."""
    clock = _Clock()
    try:
        response, text = _post(_target(url, clock), headers, body, clock)
    except (UnsafeUrl, OSError, h11.ProtocolError) as error:
        return Answer(_ms(clock), error=_reason(error))
    after = dict(response.headers).get(b"retry-after", b"").decode("latin-1")
    return Answer(_ms(clock), response.status_code, _shown(text), after or None)


def _target(url: str, clock: _Clock) -> Target:
    """Where the URL leads. A resolver cannot be interrupted: one that is late is left behind."""
    allowed = settings()
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(
            check_url,
            url,
            schemes=allowed.webhook_schemes,
            allow_loopback=allowed.allow_loopback,
        ).result(clock.left())
    finally:
        pool.shutdown(wait=False)


def _post(
    target: Target, headers: Mapping[str, str], body: bytes, clock: _Clock
) -> tuple[h11.Response, bytes]:
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_BYTES)
    with _connected(target, clock) as sock:
        sock.settimeout(clock.left())
        sock.sendall(_request(http, target, headers, body))
        events = _events(http, sock, clock)
        return _head(events), _body(events)


def _request(
    http: h11.Connection, target: Target, headers: Mapping[str, str], body: bytes
) -> bytes:
    ours = {
        "Host": _host(target),
        "Connection": "close",
        "Accept-Encoding": "identity",
        "Content-Length": str(len(body)),
    }
    asked = h11.Request(
        method="POST", target=_path(target.url), headers=list({**ours, **headers}.items())
    )
    parts = (asked, h11.Data(data=body), h11.EndOfMessage())
    return b"".join(http.send(part) or b"" for part in parts)


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    is_default = target.port == PORTS[urlsplit(target.url).scheme]
    return name if is_default else f"{name}:{target.port}"


def _path(url: str) -> str:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(path, safe=string.punctuation)


def _connected(target: Target, clock: _Clock) -> socket.socket:
    """A connection to an address of the target; over TLS it has proved to be the host."""
    sock = _dialled(target, clock)
    if urlsplit(target.url).scheme != "https":
        return sock
    with sock:  # TLS takes the connection over, if it comes so far
        sock.settimeout(clock.left())
        return _tls().wrap_socket(sock, server_hostname=target.host)


def _dialled(target: Target, clock: _Clock) -> socket.socket:
    """A connection to the first address that takes it; each gets its share of the time."""
    refused = OSError("no address")
    tried = target.addresses[:MOST_ADDRESSES]
    for number, address in enumerate(tried):
        try:
            return _dial(address, target.port, clock.left() / (len(tried) - number))
        except OSError as error:
            refused = error
    raise refused


def _dial(address: str, port: int, seconds: float) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        sock.settimeout(seconds)
        sock.connect((address, port))
    except OSError:
        sock.close()
        raise
    return sock


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _events(http: h11.Connection, sock: socket.socket, clock: _Clock) -> Iterator[h11.Event]:
    """What is answered, part by part, as far as there is room for it."""
    room = MOST_BYTES
    while True:
        event = http.next_event()
        if isinstance(event, h11.Event):
            yield event
        elif not room:
            return
        else:
            room -= _receive(http, sock, room, clock)


def _receive(http: h11.Connection, sock: socket.socket, room: int, clock: _Clock) -> int:
    sock.settimeout(clock.left())
    data = sock.recv(room)
    if not data and room == MOST_BYTES:
        raise ConnectionError
    http.receive_data(data)
    return len(data)


def _head(events: Iterator[h11.Event]) -> h11.Response:
    """The response; those of 1xx before it are passed over."""
    for event in events:
        if isinstance(event, h11.Response):
            return event
    raise h11.RemoteProtocolError("its head is too large")


def _body(events: Iterator[h11.Event]) -> bytes:
    """The first of what follows. The status is the answer: a body that breaks off is none."""
    found = b""
    try:
        for event in events:
            if not isinstance(event, h11.Data):
                break
            found += event.data
    except (OSError, h11.ProtocolError):
        pass
    return found


def _shown(body: bytes) -> str:
    text = body.decode("utf-8", "replace")[:SHOWN_CHARACTERS]
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)


def _ms(clock: _Clock) -> int:
    return int(clock.since() * 1000)


def _reason(error: Exception) -> str:
    """Why there is no answer, in words that show nothing of our side."""
    if isinstance(error, UnsafeUrl):
        return f"The URL {error}"
    if isinstance(error, TimeoutError):
        return f"There was no answer within {SECONDS} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate is not valid: {error.verify_message}"
    return next(text for kind, text in _REASONS.items() if isinstance(error, kind))


_REASONS = {
    ssl.SSLError: "TLS could not be agreed on",
    ConnectionRefusedError: "The connection was refused",
    OSError: "The connection failed or was closed without an answer",
    h11.ProtocolError: "The answer was not HTTP",
}
