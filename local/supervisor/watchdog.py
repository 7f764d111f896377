"""Ends users' commands that take more memory, processes or disk than they may, and says why."""

import asyncio
import contextlib
import logging
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from local.supervisor import disk
from local.supervisor.census import Census, Usage, proportional
from local.supervisor.commands import Command
from local.supervisor.limits import Allowance, Limits

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True)
class _Watched:
    command: Command
    allowed: Allowance
    service_id: str | None = None
    trees: Sequence[Path] = ()


class Watchdog:
    """Looks at all commands every second; ``note`` gets the usage of each service's processes."""

    def __init__(self, limits: Limits, note: Callable[[dict[str, Usage]], None]) -> None:
        self.limits = limits
        self._note = note
        self._census = Census()
        self._thread = ThreadPoolExecutor(1)
        self._watched: dict[str, _Watched] = {}
        self._kills: set[asyncio.Task[None]] = set()

    def watch(
        self,
        command: Command,
        allowed: Allowance,
        service_id: str | None = None,
        trees: Sequence[Path] = (),
    ) -> None:
        """Hold a command, perhaps of a service's release, to what it is allowed until it ends.

        ``trees`` are what it may write.
        """
        self._watched[command.run] = _Watched(command, allowed, service_id, trees)

    async def run(self) -> None:
        """Look for ever."""
        await self._in_thread(_go_first)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._look_at_all())
            both.create_task(disk.every(self.limits.disk_seconds, self._look_at_disks))

    async def _look_at_all(self) -> None:
        while True:
            await asyncio.sleep(self.limits.watch_seconds)
            try:
                await self._look()
            except Exception:
                logging.exception("the watchdog has missed a look")

    async def _look_at_disks(self) -> None:
        for watched in list(self._watched.values()):
            allowed = watched.allowed
            if await asyncio.to_thread(disk.holds_more, watched.trees, allowed.disk_bytes):
                self._end(watched.command, allowed.too_much_disk)

    async def _look(self) -> None:
        most = self.limits.processes
        usages = await self._in_thread(self._census.take, most) if self._watched else {}
        for run, watched in list(self._watched.items()):
            if run in usages:
                await self._judge(watched, usages[run])
            elif watched.command.is_over:
                del self._watched[run]
        self._note(self._by_service(usages))

    async def _judge(self, watched: _Watched, usage: Usage) -> None:
        allowed = watched.allowed
        if len(usage.members) > allowed.processes:
            self._end(watched.command, allowed.too_many_processes)
        elif excess := watched.command.excess():
            self._end(watched.command, excess)
        elif await self._is_over(allowed.memory_bytes, usage):
            self._end(watched.command, allowed.too_much_memory)

    def _end(self, command: Command, verdict: str) -> None:
        command.verdict = verdict
        kill = asyncio.create_task(command.kill())
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
        is_near = usage.memory_bytes > limit
        return is_near and await self._in_thread(proportional, usage.members) > limit

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)


def _go_first() -> None:
    """Put this thread before all users' processes, where we may: a fork bomb takes every core."""
    with contextlib.suppress(OSError, OverflowError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -20)
