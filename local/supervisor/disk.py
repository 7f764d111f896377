"""How much a run writes: measured now and then, and once more at the end of a build."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from chalicelib.buildpacks.failures import Failure
from local.supervisor.limits import Allowance

_SHARE = 20  # a walk takes a core's time: no more than one part in so many


async def check(paths: Iterable[Path], allowed: Allowance) -> None:
    """Raise ``Failure`` when these trees hold more than is allowed."""
    if await asyncio.to_thread(holds_more, list(paths), allowed.disk_bytes):
        raise Failure(allowed.too_much_disk)


async def every(seconds: float, look: Callable[[], Awaitable[None]]) -> NoReturn:
    """Look for ever: at most every so many seconds, less often where a look takes long."""
    pause = seconds
    while True:
        await asyncio.sleep(pause)
        began = time.monotonic()
        await look()
        pause = max(seconds, _SHARE * (time.monotonic() - began))


async def unless(alarm: Coroutine[None, None, NoReturn], work: Coroutine[None, None, None]) -> None:
    """Do the work; give it up and raise what the alarm raises, if that comes first."""
    tasks = [asyncio.create_task(alarm), asyncio.create_task(work)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)


def holds_more(paths: Iterable[Path], limit: int) -> bool:
    """Whether these trees together take more than ``limit`` bytes of the disk."""
    total = 0
    for path in paths:
        for size in _sizes(path):
            total += size
            if total > limit:
                return True
    return False


def _sizes(path: Path | str) -> Iterator[int]:
    """The room that each file of a tree takes; links are not followed."""
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            with suppress(OSError):
                yield entry.stat(follow_symlinks=False).st_blocks * 512
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(entry.path)
