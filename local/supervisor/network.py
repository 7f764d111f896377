"""A network of its own for each sandbox: loopback, a door for who comes in, outlets.

An outlet is a port on loopback inside; what connects to it is served by the supervisor outside.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from local.supervisor import door

_CONNECTIONS = 128  # at once, to each outlet: they take from the supervisor's open files

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Entrance(NamedTuple):
    """Where the door of a network is, and to which port in there it leads."""

    path: Path
    port: int


class Network:
    """The network of one sandbox; what runs there waits until it is connected.

    There is no ``entrance`` when nobody is to come in.
    """

    def __init__(self, entrance: Entrance | None, outlets: Mapping[int, Serve]) -> None:
        self._entrance = entrance
        self._outlets = outlets
        ours, told = os.pipe()
        waits, go = os.pipe()
        self._told, self._go = os.fdopen(ours), os.fdopen(go, "wb")
        self.inherited = (told, waits)
        self.options = ("--unshare-net", "--info-fd", str(told), "--block-fd", str(waits))
        self._lifeline: socket.socket | None = None
        self._door: asyncio.subprocess.Process | None = None
        self._servers: list[asyncio.Server] = []

    def leave_inherited(self) -> None:
        """Close our copies of what the sandbox has inherited."""
        for number in self.inherited:
            os.close(number)

    async def connect(self) -> None:
        """Open the door and the outlets of the sandbox just spawned, and let it go on."""
        if pid := await asyncio.to_thread(_pid, self._told):
            await self._open(pid)
        self._go.close()

    async def close(self) -> None:
        """Close the door and the outlets."""
        for server in self._servers:
            server.close()
        if self._lifeline:
            self._lifeline.close()
        if self._door:
            await self._door.wait()
        self._remove_door()

    def _remove_door(self) -> None:
        if self._entrance:
            self._entrance.path.unlink(missing_ok=True)

    async def _open(self, pid: int) -> None:
        self._remove_door()
        self._lifeline, theirs = socket.socketpair()
        with theirs:
            self._door = await asyncio.create_subprocess_exec(
                *_door(*map(str, (pid, *(self._entrance or ("", "")), *self._outlets))),
                stdin=theirs.fileno(),
                start_new_session=True,
            )
        listeners = await asyncio.to_thread(_received, self._lifeline, len(self._outlets))
        for listener, serve in zip(listeners, self._outlets.values(), strict=True):
            self._servers.append(await asyncio.start_server(_bounded(serve), sock=listener))


def works(sandbox: Sequence[str]) -> bool:
    """Whether such a sandbox can have a network that we may enter: found out by entering one."""
    told, theirs = os.pipe()
    with subprocess.Popen(
        [*sandbox, "--unshare-net", "--info-fd", str(theirs), "cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[theirs],
    ):
        os.close(theirs)
        pid = _pid(os.fdopen(told))
        tried = subprocess.run(_door(str(pid)), check=False, capture_output=True)
    return pid > 0 and tried.returncode == 0


def _bounded(serve: Serve) -> Serve:
    places = asyncio.Semaphore(_CONNECTIONS)

    async def bounded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if places.locked():
            writer.transport.abort()
            return
        async with places:
            await serve(reader, writer)

    return bounded


def _door(*arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(Path(door.__file__).resolve()), *arguments]


def _pid(told: TextIO) -> int:
    """The process in the sandbox, as bubblewrap says; 0 when it has failed."""
    text = ""
    with told:
        for line in told:
            text += line
            if line.startswith("}"):
                return int(json.loads(text)["child-pid"])
    return 0


def _received(lifeline: socket.socket, count: int) -> list[socket.socket]:
    _, numbers, *_ = socket.recv_fds(lifeline, 1, count)
    return [socket.socket(fileno=number) for number in numbers]
