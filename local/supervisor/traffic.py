"""The requests in flight, as the proxy tells every second."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping

from local.supervisor.limits import Limits

_NEWS_SECONDS = 3.0  # a proxy that has nothing to tell is silent
_LOOK_SECONDS = 0.1


class Traffic:
    """How many requests each host has, and which instances have any."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._hosts: Mapping[str, int] = {}
        self._instances: Collection[int] = ()
        self._told_at = 0.0

    def note(self, hosts: Mapping[str, int], instances: Collection[int]) -> None:
        """Take over what the proxy says; what it does not name has no request."""
        self._hosts, self._instances = hosts, instances
        self._told_at = time.monotonic()

    def to_host(self, host: str) -> int:
        """How many requests a host has now."""
        return self._hosts.get(host, 0) if self._is_news() else 0

    async def drain(self, instances: Collection[int]) -> None:
        """Return when those instances, which nothing leads to any more, have no request left.

        Long ones are not waited for without end.
        """
        if not instances:
            return
        await asyncio.sleep(self._limits.drain_seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.last_request_seconds):
                while self._is_news() and not set(instances).isdisjoint(self._instances):
                    await asyncio.sleep(_LOOK_SECONDS)

    def _is_news(self) -> bool:
        return time.monotonic() - self._told_at < _NEWS_SECONDS
