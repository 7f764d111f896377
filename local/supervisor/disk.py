"""How much a build writes: measured now and then while it runs, and once more at its end."""

import asyncio
import os
import time
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from local.supervisor.failures import Failure

_SHARE = 20  # a walk takes a core's time: no more than one part in so many


async def check(paths: Iterable[Path], limit: int) -> None:
    """Raise ``Failure`` when these trees hold more than ``limit`` bytes."""
    if await asyncio.to_thread(_is_over, list(paths), limit):
        raise Failure(
            f"The build wrote more than {limit / 1024**2:g} MiB to the disk and was ended; "
            "make it download and keep less."
        )


async def check_every(seconds: float, paths: Iterable[Path], limit: int) -> NoReturn:
    """Check for ever: at most every so many seconds, less often where a check takes long."""
    pause = seconds
    while True:
        await asyncio.sleep(pause)
        began = time.monotonic()
        await check(paths, limit)
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


def _is_over(paths: Iterable[Path], limit: int) -> bool:
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
