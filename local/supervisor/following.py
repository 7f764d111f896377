"""Follows a log as it grows and is turned over."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from local.supervisor.logs import Lines, last_lines, older

LOOK_SECONDS = 0.2
QUIET_SECONDS = 2.0
CHUNK = 64 * 1024
QUIET = b"\n"


class Follower:
    """Reads a log from its last lines on, also those of a file that is turned over meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = _opened(older(path))
        self._file = _opened(path)
        self._lines = Lines()

    def close(self) -> None:
        """Close what is open."""
        for file in (self._before, self._file):
            if file:
                file.close()

    @property
    def is_removed(self) -> bool:
        """Whether there was a log, and is none any more."""
        had = self._file or self._before
        return had is not None and not (self._path.exists() or older(self._path).exists())

    def first(self, tail: int | None, since: int | None) -> bytes:
        """The last lines as they are now."""
        found = b"".join(file.read() for file in (self._before, self._file) if file)
        whole = self._lines.feed(found).decode(errors="replace")
        return last_lines(whole, tail, since).encode()

    def more(self) -> bytes:
        """Some of the lines that have come since; empty when there are none."""
        chunk = self._read()
        if not chunk and (following := self._next()):
            self.close()
            self._before, self._file = None, following
            chunk = self._read()
        return self._lines.feed(chunk)

    def _read(self) -> bytes:
        return self._file.read(CHUNK) if self._file else b""

    def _next(self) -> BinaryIO | None:
        """The file after the one that was read to its end: that one may be two behind by now."""
        last = self._file or self._before
        read = os.fstat(last.fileno()).st_ino if last else None
        if read == _inode(self._path):
            return None
        if read is None or read == _inode(older(self._path)):
            return _opened(self._path)
        return _opened(older(self._path)) or _opened(self._path)


async def follow(
    path: Path, tail: int | None, since: int | None, is_over: Callable[[], bool]
) -> AsyncGenerator[bytes]:
    """The last lines of a log and all that come, until it is over or removed.

    An empty line says now and then that there is nothing new, the first time at once.
    """
    follower = Follower(path)
    try:
        yield await asyncio.to_thread(follower.first, tail, since) or QUIET
        async for chunk in _growth(follower, is_over):
            yield chunk
    finally:
        follower.close()


async def _growth(follower: Follower, is_over: Callable[[], bool]) -> AsyncGenerator[bytes]:
    told = 0.0
    while True:
        over = is_over() or follower.is_removed
        if chunk := follower.more():
            yield chunk
            continue
        if over:
            return
        if time.monotonic() > told + QUIET_SECONDS:
            told = time.monotonic()
            yield QUIET
        await asyncio.sleep(LOOK_SECONDS)


def _opened(path: Path) -> BinaryIO | None:
    with suppress(FileNotFoundError):
        return path.open("rb")
    return None


def _inode(path: Path) -> int | None:
    with suppress(FileNotFoundError):
        return path.stat().st_ino
    return None
