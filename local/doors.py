"""The ways into the apps' own networks.

An app with a network of its own listens on a port that the rest of the machine does not see. At
its door, a Unix socket beside the supervisor's, one gets TCP sockets of that network: connected to
127.0.0.1:PORT they lead to the app itself, so no byte is copied on the way.
"""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import aiohttp

_SECONDS = 2.0


@dataclass(frozen=True)
class Door:
    """The way to one app, by the port that it listens on."""

    path: Path
    port: int

    def way_in(self) -> socket.socket:
        """A new socket of the app's network: the machine's own when there is no door."""
        if not self.path.exists():
            return socket.socket()
        with socket.socket(socket.AF_UNIX) as asker:
            asker.settimeout(_SECONDS)
            asker.connect(str(self.path))
            _, numbers, *_ = socket.recv_fds(asker, 1, 1)
        if not numbers:
            raise ConnectionRefusedError("The door has closed.")
        return socket.socket(fileno=numbers[0])

    async def accepts(self) -> bool:
        """Whether somebody accepts connections on the port."""
        try:
            probe = await asyncio.wait_for(self.connect(), _SECONDS)
        except (OSError, TimeoutError):
            return False
        probe.close()
        return True

    async def connect(self) -> socket.socket:
        """A socket that is connected to the app. Raises ``OSError``."""
        made = self.way_in()
        try:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.port))
        except BaseException:
            made.close()
            raise
        return made

    def connector(self) -> aiohttp.TCPConnector:
        """What connects an HTTP client to ``http://127.0.0.1:PORT`` of the app."""
        return aiohttp.TCPConnector(limit=0, socket_factory=self._made)

    def _made(self, _: aiohttp.AddrInfoType) -> socket.socket:
        made = self.way_in()
        made.setblocking(False)
        return made


@dataclass(frozen=True)
class Doors:
    """The doors of all apps; they lie beside the supervisor's socket."""

    supervisor: Path

    def to(self, port: int) -> Door:
        """The door of the app on this port."""
        return Door(Path(f"{self.supervisor}.{port}"), port)

    def all(self) -> list[Path]:
        """Every door there is."""
        return list(self.supervisor.parent.glob(f"{self.supervisor.name}.[0-9]*"))
