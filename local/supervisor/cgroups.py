"""Control groups: what the kernel itself holds a run to, at every moment and whole.

The watchdog looks once a second, is exact and says why; a group is what it cannot be outrun by.
Nothing leaves a group, so it also knows all processes of its run. See cgroups(7).
"""

import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import psutil

from local.supervisor.limits import Allowance

MISSING = (
    "The kernel does not bound what an app takes on this machine (no control groups can be made): "
    "one that starts processes without end is slowing all others until it is ended."
)
_MOUNTS = Path("/proc/self/mountinfo")
_OWN = Path("/proc/self/cgroup")
_NAME = "orbitra"
_NUMBERS = itertools.count()
_PROBE = Allowance("", processes=8, memory_bytes=16 * 1024**2, disk_bytes=0)
_ROOM = 2  # what lies in the sandbox's /tmp is memory too
# Who enters becomes the command: its first process is in the group before it does anything.
_ENTER = 'echo $$ >"$0" && exec "$@"'


class Group:
    """The group of one run: a directory in each hierarchy that has one of its bounds."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places

    @classmethod
    def make(cls, allowed: Allowance) -> "Group | None":
        """A group that holds to what is allowed; None where none can be made."""
        made = [_made(parent, allowed) for parent in _parents()]
        places = [place for place in made if place]
        return cls(places) if places else None

    def around(self, arguments: Sequence[str]) -> list[str]:
        """The arguments that run these in the group."""
        inner = list(arguments)
        for place in self._places:
            inner = ["/bin/sh", "-c", _ENTER, f"{place}/cgroup.procs", *inner]
        return inner

    @property
    def counts(self) -> bool:
        """Whether it bounds the number of processes."""
        return any((place / "pids.max").exists() for place in self._places)

    def members(self) -> list[psutil.Process]:
        """Its living processes."""
        return list(_members(self._places[0]))

    def seal(self) -> None:
        """Let nothing in it start another process: so one can come to an end of killing them."""
        for place in self._places:
            _write(place / "pids.max", 0)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has killed one of its processes for the memory that it takes."""
        files = ("memory.events", "memory.oom_control")
        return any(self._count(name, "oom_kill") for name in files)

    def was_full(self) -> bool:
        """Whether the kernel has refused it another process or thread."""
        return self._count("pids.events", "max") > 0

    def _count(self, name: str, event: str) -> int:
        return sum(_count(place / name, event) for place in self._places)

    def remove(self) -> bool:
        """Remove it; False while a process in it is still going."""
        return [place for place in self._places if not _is_removed(place)] == []


@cache
def are_there() -> bool:
    """Whether groups can be made and bound processes on this machine: found out by making one."""
    group = Group.make(_PROBE)
    return group is not None and group.counts and group.remove()


def clear() -> None:
    """Kill and remove what supervisors that are no more have left."""
    left = [each for parent in _parents() for each in parent.glob(f"{_NAME}-*-*")]
    for place in left:
        if not psutil.pid_exists(int(place.name.split("-")[1])):
            _clear(place)


def _clear(place: Path) -> None:
    _write(place / "pids.max", 0)
    while members := list(_members(place)):
        for each in members:
            with contextlib.suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(members, timeout=1)
    _is_removed(place)


def _bounds(allowed: Allowance) -> dict[str, int]:
    """What is written where; each hierarchy has some of these files, in version 2 or 1."""
    memory = _ROOM * allowed.memory_bytes
    return {
        "pids.max": allowed.tasks,
        "memory.max": memory,
        "memory.swap.max": 0,
        "memory.limit_in_bytes": memory,
        "memory.memsw.limit_in_bytes": memory,
        "cpu.weight": allowed.weight,
        "cpu.shares": allowed.weight * 1024 // 100,
    }


def _made(parent: Path, allowed: Allowance) -> Path | None:
    """A new group in this hierarchy; None where it has none of the bounds."""
    place = parent / f"{_NAME}-{os.getpid()}-{next(_NUMBERS)}"
    try:
        place.mkdir()
    except OSError:
        return None
    if [name for name, bound in _bounds(allowed).items() if _write(place / name, bound)]:
        return place
    _is_removed(place)
    return None


def _is_removed(place: Path) -> bool:
    with contextlib.suppress(OSError):
        place.rmdir()
    return not place.exists()


def _write(path: Path, value: int) -> bool:
    try:
        with path.open("r+") as file:
            file.write(str(value))
    except OSError:
        return False
    return True


def _members(place: Path) -> Iterator[psutil.Process]:
    with contextlib.suppress(OSError):
        for line in (place / "cgroup.procs").read_text().splitlines():
            with contextlib.suppress(psutil.Error):
                yield psutil.Process(int(line))


def _count(path: Path, event: str) -> int:
    with contextlib.suppress(OSError):
        counts = [line.split() for line in path.read_text().splitlines()]
        return sum(int(count) for name, count in counts if name == event)
    return 0


@cache
def _parents() -> list[Path]:
    """Where groups can be made and entered: found out by doing so."""
    return [parent for parent in _candidates() if _lets_in(parent)]


def _lets_in(parent: Path) -> bool:
    place = _made(parent, _PROBE)
    if not place:
        return False
    group = Group([place])
    tried = subprocess.run(group.around(["true"]), check=False, capture_output=True)
    return group.remove() and tried.returncode == 0


def _candidates() -> list[Path]:
    """In version 1 our own groups; in version 2, where a group that has processes hands none of
    its controllers down, the one above."""
    if not (_MOUNTS.exists() and _OWN.exists()):
        return []
    own = dict(line.split(":", 2)[1:] for line in _OWN.read_text().splitlines())
    return [found for line in _MOUNTS.read_text().splitlines() for found in _found(line, own)]


def _found(mount: str, own: Mapping[str, str]) -> Iterator[Path]:
    """Where groups belong in the hierarchy that this line of mountinfo mounts, if it is one."""
    where, _, what = mount.partition(" - ")
    root, point = where.split()[3:5]
    kind, _, options = what.split()
    for names, path in own.items():
        here = Path(point) / os.path.relpath(path, root)
        if kind == "cgroup2" and not names:
            yield here.parent if path != "/" else here
        if kind == "cgroup" and names and set(names.split(",")) <= set(options.split(",")):
            yield here
