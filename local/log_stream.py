"""Followed logs as server-sent events: the supervisor's lines, handed on as they come."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from chalicelib.errors import Unauthorized
from chalicelib.http.streaming import Following

HEARTBEAT_SECONDS = 13.0  # at most 15: the supervisor says every 2 that nothing is new
LOOK_SECONDS, END_SECONDS = 3.0, 1.0
UNAUTHORIZED, INTERRUPTED = "unauthorized", "interrupted"
_SILENCE_SECONDS = 10.0
_PATHS = {"service": "/services/{id}/logs/follow", "build": "/builds/{id}/log/follow"}


class LogStreams:
    """Relays logs from the supervisor, each at the pace of its reader and without a thread."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def connection(self, _: web.Application) -> AsyncIterator[None]:
        """Keep a session with the supervisor while the server lives."""
        connector = aiohttp.UnixConnector(str(self._socket), limit=0)
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_SILENCE_SECONDS)
        self._supervisor = aiohttp.ClientSession(
            "http://supervisor", connector=connector, timeout=timeout, read_bufsize=1 << 18
        )
        async with self._supervisor:
            yield

    async def relay(
        self, request: web.Request, headers: CIMultiDict[str], following: Following
    ) -> web.StreamResponse:
        """Answer with the log until it ends, its reader is not admitted any more or hangs up, or
        the supervisor is gone; whoever still listens is told which."""
        response = web.StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        events = _Events(request, response)
        with contextlib.suppress(OSError):
            await events.end(await self._until_it_ends(events, following))
        return response

    async def _until_it_ends(self, events: "_Events", following: Following) -> str:
        """Hand on the log; how that ended. Raises ``OSError`` when nobody listens any more."""
        try:
            await self._lines(events, following)
            while (status := await asyncio.to_thread(following.ended)) is None:
                await events.nothing()
                await asyncio.sleep(END_SECONDS)
        except Unauthorized:
            return UNAUTHORIZED
        except (aiohttp.ClientError, TimeoutError):
            return INTERRUPTED
        return status

    async def _lines(self, events: "_Events", following: Following) -> None:
        """Hand on every line; returns when no more can come."""
        asked = {"tail": following.tail, "since": following.since}
        query = {name: value for name, value in asked.items() if value is not None}
        path = _PATHS[following.kind].format(id=following.id)
        was_over, looked_at = await _is_over(following), time.monotonic()
        async with self._supervisor.get(path, params=query, raise_for_status=True) as log:
            async for line in log.content:
                if line != b"\n":
                    await events.line(line)
                elif was_over:
                    return
                else:
                    await events.nothing()
                if time.monotonic() > looked_at + LOOK_SECONDS:
                    was_over, looked_at = await _is_over(following), time.monotonic()


async def _is_over(following: Following) -> bool:
    return await asyncio.to_thread(following.ended) is not None


class _Events:
    """Writes events; each write waits for a slow reader."""

    def __init__(self, request: web.Request, response: web.StreamResponse) -> None:
        self._request = request
        self._response = response
        self._written_at = time.monotonic()

    async def line(self, line: bytes) -> None:
        """A line of the log; a carriage return would end the event's line."""
        text = line.decode(errors="replace").rstrip("\r\n").replace("\r", "\ndata: ")
        await self._write(f"data: {text}\n\n")

    async def end(self, status: str) -> None:
        """The last event."""
        await self._write(f"event: end\ndata: {status}\n\n")

    async def nothing(self) -> None:
        """A comment when all was still for long. Raises ``ConnectionError`` if nobody listens."""
        if self._request.transport is None or self._request.transport.is_closing():
            raise ConnectionResetError
        if time.monotonic() > self._written_at + HEARTBEAT_SECONDS:
            await self._write(": still here\n\n")

    async def _write(self, text: str) -> None:
        await self._response.write(text.encode())
        self._written_at = time.monotonic()
