"""Ends users' commands that take more memory or processes than they may, and says why."""

import asyncio
import contextlib
import logging
import os
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from local.supervisor.census import Census, Usage, proportional
from local.supervisor.commands import Command
from local.supervisor.limits import Limits

T = TypeVar("T")
P = ParamSpec("P")

_MIB = 1024**2


@dataclass(frozen=True)
class _Watched:
    command: Command
    what: str
    memory_bytes: int
    service_id: str | None = None


class Watchdog:
    """Looks at all commands every second; ``note`` gets the usage of each service's processes."""

    def __init__(self, limits: Limits, note: Callable[[dict[str, Usage]], None]) -> None:
        self._limits = limits
        self._note = note
        self._census = Census()
        self._thread = ThreadPoolExecutor(1)
        self._watched: dict[str, _Watched] = {}
        self._kills: set[asyncio.Task[None]] = set()

    def watch_app(self, command: Command, service_id: str) -> None:
        """Hold a command of a release to the limits of an instance, until it ends."""
        memory = self._limits.memory_bytes
        self._watched[command.run] = _Watched(command, "The app", memory, service_id)

    def watch_build(self, command: Command) -> None:
        """Hold a command to the limits of a build, until it ends."""
        memory = self._limits.build_memory_bytes
        self._watched[command.run] = _Watched(command, "The build", memory)

    async def run(self) -> None:
        """Look for ever."""
        await self._in_thread(_go_first)
        while True:
            await asyncio.sleep(self._limits.watch_seconds)
            try:
                await self._look()
            except Exception:
                logging.exception("the watchdog has missed a look")

    async def _look(self) -> None:
        most = self._limits.processes
        usages = await self._in_thread(self._census.take, most) if self._watched else {}
        for run, watched in list(self._watched.items()):
            if run in usages:
                await self._judge(watched, usages[run])
            elif watched.command.is_over:
                del self._watched[run]
        self._note(self._by_service(usages))

    async def _judge(self, watched: _Watched, usage: Usage) -> None:
        most, memory = self._limits.processes, watched.memory_bytes
        if len(usage.members) > most:
            self._end(watched, f"started more than {most} processes", "start fewer")
        elif usage.memory_bytes > memory and await self._is_over(memory, usage):
            excess = f"used more than {memory / _MIB:g} MiB of memory"
            self._end(watched, excess, "use less, or start fewer workers")

    def _end(self, watched: _Watched, excess: str, advice: str) -> None:
        watched.command.verdict = f"{watched.what} {excess} and was ended; make it {advice}."
        kill = asyncio.create_task(watched.command.kill())
        self._kills.add(kill)
        kill.add_done_callback(self._kills.discard)

    def _by_service(self, usages: dict[str, Usage]) -> dict[str, Usage]:
        found: defaultdict[str, Usage] = defaultdict(Usage)
        for run, watched in self._watched.items():
            if watched.service_id and (usage := usages.get(run)):
                found[watched.service_id].cpu_percent += usage.cpu_percent
                found[watched.service_id].memory_bytes += usage.memory_bytes
        return dict(found)

    async def _is_over(self, limit: int, usage: Usage) -> bool:
        """The sum of resident memory counts what forked workers share once for each of them."""
        return await self._in_thread(proportional, usage.members) > limit

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)


def _go_first() -> None:
    """Put this thread before all users' processes, where we may: a fork bomb takes every core."""
    with contextlib.suppress(OSError, OverflowError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -20)
