"""Finds out whether a started app serves on its port, and if not, why."""

import asyncio

import aiohttp

from local.doors import Door
from local.supervisor.commands import Command
from local.supervisor.listening import listeners

_REACHABLE = ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104 - where others listen, not we
_EVERY_SECONDS = 0.1


class HealthCheck:
    """Watches a command until it serves, and remembers what it saw in case it never does."""

    def __init__(self, command: Command, port: int, path: str | None, door: Door) -> None:
        self._command = command
        self._port = port
        self._path = path
        self._door = door
        self._listening: set[tuple[str, int]] = set()
        self._answer = "nothing"

    async def passes(self) -> None:
        """Return once the port is the command's own and the path, if any, answers 200."""
        timeout = aiohttp.ClientTimeout(total=5)
        connector = self._door.connector()
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            while not await self._serves(session):
                await asyncio.sleep(_EVERY_SECONDS)

    async def _serves(self, session: aiohttp.ClientSession) -> bool:
        if not await self._door.accepts():
            return False
        members = await asyncio.to_thread(self._command.members)
        self._listening = listeners(members)
        mine = any((address, self._port) in self._listening for address in _REACHABLE)
        return mine and (self._path is None or await self._answers(session, self._path))

    async def _answers(self, session: aiohttp.ClientSession, path: str) -> bool:
        url = f"http://127.0.0.1:{self._port}/{path.lstrip('/')}"
        try:
            async with session.get(url, allow_redirects=False) as response:
                self._answer = str(response.status)
        except (aiohttp.ClientError, TimeoutError):
            self._answer = "nothing"
        return self._answer == "200"

    async def why_not(self, seconds: float) -> str:
        """What to tell the user when the time is over."""
        self._listening = listeners(await asyncio.to_thread(self._command.members))
        waited = f"within {seconds:g} seconds"
        asked = f"listen on the port in the environment variable PORT, which is {self._port}"
        here = sorted(address for address, port in self._listening if port == self._port)
        if any(address in _REACHABLE for address in here):
            return (
                f"The health check path {self._path} did not answer 200 {waited}; its last answer "
                f"was {self._answer}. Make it answer 200, or correct the path."
            )
        if here:
            return f"The app listens on {here[0]} only; listen on 0.0.0.0."
        if others := [str(each) for each in sorted({port for _, port in self._listening})]:
            return f"The app listens on {', '.join(others)}; {asked}{self._or_set_it(others)}."
        return f"The app did not listen on a port {waited}; {asked}."

    def _or_set_it(self, others: list[str]) -> str:
        is_free_to_choose = self._port != self._door.number
        return f", or set PORT to {' or '.join(others)}" if is_free_to_choose else ""
