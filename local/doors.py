"""The ways into the apps' own networks.

An app with a network of its own listens on a port that the rest of the machine does not see. At
its door, a Unix socket beside the supervisor's, one gets TCP sockets of that network: connected to
127.0.0.1:PORT they lead to the app itself, so no byte is copied on the way.
"""

import asyncio
import socket
from pathlib import Path

import aiohttp

_SECONDS = 2.0


class Doors:
    """The doors of all apps by the ports that they listen on."""

    def __init__(self, supervisor: Path) -> None:
        self._supervisor = supervisor

    def path(self, port: int) -> Path:
        """Where the door of the app on this port is."""
        return Path(f"{self._supervisor}.{port}")

    def all(self) -> list[Path]:
        """Every door there is."""
        return list(self._supervisor.parent.glob(f"{self._supervisor.name}.[0-9]*"))

    def way_to(self, port: int) -> socket.socket:
        """A new socket of the network in which the app listens on the port.

        That is the machine's own network when there is no door.
        """
        path = self.path(port)
        if not path.exists():
            return socket.socket()
        with socket.socket(socket.AF_UNIX) as asker:
            asker.settimeout(_SECONDS)
            asker.connect(str(path))
            _, numbers, *_ = socket.recv_fds(asker, 1, 1)
        if not numbers:
            raise ConnectionRefusedError("The door has closed.")
        return socket.socket(fileno=numbers[0])

    async def accepts(self, port: int) -> bool:
        """Whether somebody accepts connections on the port."""
        try:
            probe = await asyncio.wait_for(self.connect(port), _SECONDS)
        except (OSError, TimeoutError):
            return False
        probe.close()
        return True

    async def connect(self, port: int) -> socket.socket:
        """A socket that is connected to the app on the port. Raises ``OSError``."""
        made = self.way_to(port)
        try:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
        except BaseException:
            made.close()
            raise
        return made

    def connector(self) -> aiohttp.TCPConnector:
        """What connects an HTTP client to ``http://127.0.0.1:PORT`` of the app."""
        return aiohttp.TCPConnector(limit=0, socket_factory=self._made)

    def _made(self, address: aiohttp.AddrInfoType) -> socket.socket:
        made = self.way_to(int(address[4][1]))
        made.setblocking(False)
        return made
