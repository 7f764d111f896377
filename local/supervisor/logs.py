"""Logs of bounded size, every line with the time it came."""

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path

LONGEST_LINE = 16 * 1024
BYTES_A_SECOND = 1024 * 1024
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_STAMP_BYTES = len("2026-01-02T03:04:05Z ")


class Log:
    """Appends lines to a file that is turned over, or closed, when it is full.

    It holds no file open: what is deleted stays deleted, and a full disk costs lines, no process.
    """

    def __init__(self, path: Path, size: int, *, turns: bool) -> None:
        self.path = path
        self._size = size
        self._turns = turns
        self._full = False
        self._second = 0
        self._taken = 0

    def say(self, text: str) -> None:
        """Write a line of ours."""
        self._append("".join(f"==> {line}\n" for line in text.splitlines()).encode())

    def write(self, lines: bytes) -> bool:
        """Write whole lines; False when they were left out because there are too many."""
        if self._full:
            return False
        if not self._turns:
            self._append(lines)
            return True
        return self._write_within_rate(lines)

    def _write_within_rate(self, lines: bytes) -> bool:
        now = int(time.time())
        if now != self._second:
            self._second, self._taken = now, 0
        size = len(lines) + lines.count(b"\n") * _STAMP_BYTES
        before, self._taken = self._taken, self._taken + size
        if self._taken <= BYTES_A_SECOND:
            self._append(lines)
        elif before <= BYTES_A_SECOND:
            self.say("Over 1 MiB of output came within a second; the rest of it is left out.")
        return self._taken <= BYTES_A_SECOND

    def _append(self, lines: bytes) -> None:
        stamp = datetime.now(UTC).strftime(_STAMP).encode() + b" "
        with contextlib.suppress(OSError), self.path.open("ab") as file:
            file.write(stamp + lines[:-1].replace(b"\n", b"\n" + stamp) + b"\n")
        with contextlib.suppress(OSError):
            if self.path.stat().st_size > self._size and not self._full:
                self._turn()

    def _turn(self) -> None:
        if self._turns:
            self.path.replace(older(self.path))
            return
        self._full = True
        self.say(f"The log is cut here: it holds {self._size // 1024} KiB. The build goes on.")


class Lines:
    """Cuts a stream of bytes into whole lines, and lines that are far too long into pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """The lines that are whole now, or nothing."""
        whole, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole, newline, self._rest = whole + newline + self._rest, b"\n", b""
        return whole + newline

    def end(self) -> bytes:
        """What remains when the stream has ended."""
        return self.feed(b"\n") if self._rest else b""


def read(path: Path) -> str:
    """The text of a log; empty when there is none."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(errors="replace")
    return ""


def read_tail(path: Path, tail: int, since: int | None) -> str:
    """The last ``tail`` lines written at or after ``since`` (epoch seconds)."""
    return last_lines(read(older(path)) + read(path), tail, since)


def last_lines(text: str, tail: int | None, since: int | None) -> str:
    """The last ``tail`` lines of a log's text, or all, written at or after ``since``."""
    lines = text.split("\n")[:-1]
    if since is not None:
        first = datetime.fromtimestamp(since, UTC).strftime(_STAMP)
        lines = [line for line in lines if line >= first]
    skipped = 0 if tail is None else max(0, len(lines) - tail)
    return "".join(f"{line}\n" for line in lines[skipped:])


def remove(path: Path) -> None:
    """Remove a log with its older part."""
    path.unlink(missing_ok=True)
    older(path).unlink(missing_ok=True)


def older(path: Path) -> Path:
    """Where the part of a log lies that was turned over."""
    return path.with_suffix(".older.log")
