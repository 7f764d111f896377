"""What apps reach outside of their own networks: public addresses, and what the operator allows.

The way out is an HTTP proxy, CONNECT for https and absolute URLs for http. It looks each name up
once, refuses what is not public and connects to the very address it has judged.
"""

import asyncio
import base64
import contextlib
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass

from chalicelib.security.egress import UnresolvedHost, UnsafeUrl, check_url

PORT = 3128
_SECONDS = 20.0
_CHUNK_BYTES = 256 * 1024
_FOR_US = ("proxy-", "connection:", "keep-alive:")
_REASONS = {400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway"}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Target = tuple[str, int]


class Refusal(Exception):
    """A request is not followed; the text says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class _Request:
    """What an app asks for: a tunnel when there is nothing to hand on."""

    url: str
    hand_on: bytes = b""


class Outlet:
    """The proxy; ``upstream`` is our own way out.

    ``targets`` are reached from here and ``trusted`` over the upstream, wherever they lead.
    """

    def __init__(
        self,
        targets: Collection[Target],
        upstream: str | None,
        trusted: Collection[Target] = (),
    ) -> None:
        self._targets = targets
        self._upstream = upstream
        self._trusted = trusted

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection of an app."""
        try:
            request = _parsed(await _head(reader))
            theirs = await self._connect(request.url)
        except Refusal as refusal:
            await _refuse(writer, refusal)
            return
        first = request.hand_on
        (theirs[1] if first else writer).write(first or b"HTTP/1.1 200 Connected\r\n\r\n")
        await join((reader, writer), theirs)

    async def _connect(self, url: str) -> Streams:
        host, port = _named(url)
        try:
            async with asyncio.timeout(_SECONDS):
                if (host, port) in self._targets:
                    return await asyncio.open_connection(host, port)
                is_trusted = (host, port) in self._trusted
                return await self._reach([host] if is_trusted else await _public(url, host), port)
        except (OSError, TimeoutError) as error:
            raise Refusal(502, f"{host} could not be reached: {error}.") from None

    async def _reach(self, addresses: Collection[str], port: int) -> Streams:
        for address in addresses:
            with contextlib.suppress(OSError):
                if self._upstream and not proxy_bypass(address):
                    return await _through(self._upstream, address, port)
                return await asyncio.open_connection(address, port)
        raise OSError("none of its addresses answers")


class Passage:
    """Leads to one target that the operator allows, for programs that know no proxy."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one connection of an app to the target."""
        try:
            theirs = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        await join((reader, writer), theirs)


async def join(ours: Streams, theirs: Streams) -> None:
    """Hand on what comes, both ways, until both have ended or one has failed."""
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pour(ours[0], theirs[1]))
            both.create_task(_pour(theirs[0], ours[1]))
    except* OSError:
        ours[1].transport.abort()
        theirs[1].transport.abort()
    finally:
        ours[1].close()
        theirs[1].close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, TimeoutError):
        raise Refusal(400, "This is a proxy; its requests have a head of at most 64 KB.") from None
    return head.decode("latin-1")


def _parsed(head: str) -> _Request:
    first, *headers = head.removesuffix("\r\n\r\n").split("\r\n")
    match first.split(" "):
        case ["CONNECT", authority, _]:
            return _Request(f"https://{authority}")
        case [method, url, version] if url.lower().startswith("http://"):
            kept = [line for line in headers if not line.lower().startswith(_FOR_US)]
            target = urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl()
            slash = "" if target.startswith("/") else "/"
            lines = [f"{method} {slash}{target} {version}", *kept, "Connection: close", "", ""]
            return _Request(url, "\r\n".join(lines).encode("latin-1"))
    raise Refusal(400, "This is a proxy; ask it with CONNECT or for an http:// URL.")


def _named(url: str) -> Target:
    try:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        raise Refusal(400, "This is a proxy; what it was asked for is no valid URL.") from None
    return parts.hostname or "", port


async def _public(url: str, host: str) -> Collection[str]:
    """The addresses of a URL that may be reached. Raises ``Refusal``."""
    try:
        schemes = ("http", "https")
        found = await asyncio.to_thread(check_url, url, schemes=schemes, allow_loopback=False)
    except UnresolvedHost as error:
        raise Refusal(502, f"The app cannot reach {host}: it {error}.") from None
    except UnsafeUrl as error:
        raise Refusal(403, f"The app may not reach {host}: it {error}.") from None
    if any(map(_is_ours, found.addresses)):
        raise Refusal(403, f"The app may not reach {host}: it must not lead to this machine.")
    return found.addresses


def _is_ours(address: str) -> bool:
    """Whether an address is one of this machine's: only those can be bound."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


async def _through(upstream: str, address: str, port: int) -> Streams:
    """A tunnel to the address through the proxy that this machine has to use."""
    proxy = urlsplit(upstream)
    reader, writer = await asyncio.open_connection(
        proxy.hostname, proxy.port or 3128, ssl=proxy.scheme == "https" or None
    )
    target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username:
        login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login).decode()}")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if answer.split(b" ", 2)[1] != b"200":
        writer.close()
        raise ConnectionRefusedError("the proxy of this machine has refused")
    return reader, writer


async def _refuse(writer: asyncio.StreamWriter, refusal: Refusal) -> None:
    body = f"{refusal}\n".encode()
    lines = [f"HTTP/1.1 {refusal.status} {_REASONS[refusal.status]}"]
    lines += ["Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(body)}"]
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
    with contextlib.suppress(OSError):
        await writer.drain()
    writer.close()
