"""One look at the machine's processes: which run each belongs to, and what the runs take."""

import contextlib
import time
from collections import defaultdict
from dataclasses import dataclass, field

import psutil

from local.supervisor import commands

_YOUNG_SECONDS = 10  # as long a process may be one of ours that has not become its command yet


@dataclass
class Usage:
    """What a run takes; 100 is one core."""

    cpu_percent: float = 0.0
    memory_bytes: int = 0
    members: list[psutil.Process] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    run: str
    cpu_seconds: float = 0.0


class Census:
    """Remembers which run a process belongs to, so that its environment is read once.

    A child belongs to the run of its parent whatever its own environment says, so nothing can
    leave its run, or charge another one with what it takes.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, float], _Known] = {}
        self._before: dict[tuple[int, float], _Known] = {}
        self._runs: dict[int, str] = {}
        self._at = time.monotonic()

    def take(self, most: int) -> dict[str, Usage]:
        """The usage of every run; reads a lot of small files, so call it in a thread.

        It breaks off at a run of more than ``most`` processes: that one grows while it is counted.
        """
        now = time.monotonic()
        elapsed, self._at = now - self._at, now
        self._before, self._known, self._runs = self._known, {}, {}
        found: defaultdict[str, Usage] = defaultdict(Usage)
        for pid in psutil.pids():
            with contextlib.suppress(psutil.Error, OSError):
                if self._count(psutil.Process(pid), found, elapsed) > most:
                    self._known = {**self._before, **self._known}
                    break
        return dict(found)

    def _count(self, process: psutil.Process, found: dict[str, Usage], elapsed: float) -> int:
        """Add a process to its run, if it has one; how many the run then has."""
        key = process.pid, process.create_time()
        before = self._before.get(key)
        if before and not before.run:
            self._known[key] = before
            return 0
        with process.oneshot():
            run = before.run if before else self._run(process)
            if run:
                self._known[key] = _add(process, run, before, found[run], elapsed)
                self._runs[process.pid] = run
            elif time.time() - process.create_time() > _YOUNG_SECONDS:
                self._known[key] = _Known("")
        return len(found[run].members) if run else 0

    def _run(self, process: psutil.Process) -> str:
        return self._runs.get(process.ppid()) or commands.run_of(process)


def proportional(members: list[psutil.Process]) -> int:
    """The memory of processes, where what they share counts once; slower than a census."""
    return sum(map(_proportion, members))


def _proportion(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        info = process.memory_full_info()
        return int(getattr(info, "pss", info.uss))
    return 0


def _add(
    process: psutil.Process, run: str, before: _Known | None, usage: Usage, elapsed: float
) -> _Known:
    times = process.cpu_times()
    seconds = times.user + times.system
    usage.cpu_percent += 100 * (seconds - (before.cpu_seconds if before else 0)) / elapsed
    usage.memory_bytes += process.memory_info().rss
    usage.members.append(process)
    return _Known(run, seconds)
