"""Where each host leads, as the supervisor says; and which are asked for, as it wants to know."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import aiohttp

from local.proxy.visits import Visits

_SILENCE_SECONDS = 10
_AGAIN_SECONDS = 0.5
_REPORT_SECONDS = 1.0
_WAIT_SECONDS = 30.0
_GONE_SECONDS = 2.0
_ON_THE_WAY = {"starting", "sleeping"}

T = TypeVar("T")


class _Counted(Generic[T]):
    """Counts one more of a kind while it is entered; a generator would be slower to enter."""

    def __init__(self, counter: Counter[T], kind: T) -> None:
        self._counter, self._kind = counter, kind

    def __enter__(self) -> None:
        self._counter[self._kind] += 1

    def __exit__(self, *_: object) -> None:
        self._counter[self._kind] -= 1


class Routes:
    """The present routes; requests wait only for what is starting or asleep."""

    def __init__(self, socket: Path, visits: Visits) -> None:
        self._visits = visits
        self._supervisor = aiohttp.ClientSession(
            "http://supervisor",
            connector=aiohttp.UnixConnector(str(socket)),
            timeout=aiohttp.ClientTimeout(total=None, sock_read=_SILENCE_SECONDS),
            read_bufsize=1 << 24,
        )
        self._hosts: Mapping[str, Mapping[str, Any]] = {}
        self._news = asyncio.Event()
        self._asked: Counter[str] = Counter()
        self._lately: set[str] = set()
        self._busy: Counter[int] = Counter()

    async def close(self) -> None:
        """Close the connections to the supervisor."""
        await self._supervisor.close()

    async def follow(self) -> None:
        """Keep up with the supervisor for ever, also when it restarts."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._read()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def report(self) -> None:
        """Tell the supervisor every second, for ever, what was asked for and answered."""
        while True:
            await asyncio.sleep(_REPORT_SECONDS)
            visits = self._visits.take()
            if visits or self._lately or +self._asked:
                await self._tell(visits)

    def state(self, host: str) -> str | None:
        """What the host's service does; None when there is no such host."""
        route = self._hosts.get(host)
        return str(route["state"]) if route else None

    def asking(self, host: str) -> "_Counted[str]":
        """A request to the host is under way."""
        self._lately.add(host)
        return _Counted(self._asked, host)

    def using(self, number: int) -> "_Counted[int]":
        """A request to the instance is under way."""
        return _Counted(self._busy, number)

    async def instance(self, host: str, avoid: set[int]) -> int | None:
        """The least busy instance of the host; waits for a service that starts or wakes."""
        if not self._numbers(host, avoid):
            await self._coming(host, avoid)
        return min(self._numbers(host, avoid), key=self._busy.__getitem__, default=None)

    async def _coming(self, host: str, avoid: set[int]) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                while not self._numbers(host, avoid) and (self.state(host) in _ON_THE_WAY or avoid):
                    await self._wait(
                        host, None if self.state(host) in _ON_THE_WAY else _GONE_SECONDS
                    )

    def _numbers(self, host: str, avoid: set[int]) -> list[int]:
        numbers = self._hosts.get(host, {}).get("instances", [])
        return [number for number in numbers if number not in avoid]

    async def _wait(self, host: str, seconds: float | None) -> None:
        """Wait for news. Raises ``TimeoutError``."""
        news = self._news
        if self.state(host) == "sleeping":
            await self._tell({})
        await asyncio.wait_for(news.wait(), seconds)

    async def _tell(self, visits: Mapping[str, list[str]]) -> None:
        hosts = {host: self._asked[host] for host in {*self._lately, *(+self._asked)}}
        self._lately.clear()
        use = {"hosts": hosts, "instances": sorted(+self._busy), "visits": visits}
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with self._supervisor.post("/use", json=use):
                pass

    async def _read(self) -> None:
        async with self._supervisor.get("/routes") as response:
            async for line in response.content:
                if line.strip():
                    self._hosts = json.loads(line)["hosts"]
                    self._news.set()
                    self._news = asyncio.Event()
