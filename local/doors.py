"""The ways into the apps' own networks.

An app with a network of its own listens on a port that the rest of the machine does not see, and
that other apps have too; outside each instance has a number that no other has. At its door, a Unix
socket beside the supervisor's, one is told the port and gets TCP sockets of that network: connected
to 127.0.0.1:PORT they lead to the app itself, so no byte is copied on the way.
"""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import aiohttp

_SECONDS = 2.0
_DIGITS = 5


@dataclass(frozen=True)
class Door:
    """The way to one instance, by its number."""

    path: Path
    number: int

    def way_in(self) -> tuple[socket.socket, int]:
        """A new socket of the instance's network, and the port that it listens on there.

        When there is no door that is the machine's own network, and the port is the number.
        """
        if not self.path.exists():
            return socket.socket(), self.number
        with socket.socket(socket.AF_UNIX) as asker:
            asker.settimeout(_SECONDS)
            asker.connect(str(self.path))
            port, sockets, *_ = socket.recv_fds(asker, _DIGITS, 1)
        if not sockets:
            raise ConnectionRefusedError("The door has closed.")
        return socket.socket(fileno=sockets[0]), int(port)

    async def accepts(self) -> bool:
        """Whether somebody accepts connections there."""
        try:
            probe = await asyncio.wait_for(self.connect(), _SECONDS)
        except (OSError, TimeoutError):
            return False
        probe.close()
        return True

    async def connect(self) -> socket.socket:
        """A socket that is connected to the instance. Raises ``OSError``."""
        made, port = self.way_in()
        try:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
        except BaseException:
            made.close()
            raise
        return made

    def connector(self) -> aiohttp.TCPConnector:
        """What connects an HTTP client to ``http://127.0.0.1:PORT`` of the instance."""
        return aiohttp.TCPConnector(limit=0, socket_factory=self._made)

    def _made(self, address: aiohttp.AddrInfoType) -> socket.socket:
        made, port = self.way_in()
        if port != address[4][1]:
            made.close()
            raise ConnectionRefusedError("The door has closed.")
        made.setblocking(False)
        return made


@dataclass(frozen=True)
class Doors:
    """The doors of all instances; they lie beside the supervisor's socket."""

    supervisor: Path

    def to(self, number: int) -> Door:
        """The door of the instance with this number."""
        return Door(Path(f"{self.supervisor}.{number}"), number)

    def all(self) -> list[Path]:
        """Every door there is."""
        return list(self.supervisor.parent.glob(f"{self.supervisor.name}.[0-9]*"))
