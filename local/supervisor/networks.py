"""The networks of all apps and builds: how one gets in, and what they reach outside."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.doors import Doors
from local.supervisor import environment, outlets, registries, sandbox
from local.supervisor.network import Network

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Networks:
    """Makes them; where this machine has none for sandboxes, apps share the machine's own.

    An app finds each of the ``targets`` on loopback too, at its port.
    """

    doors: Doors
    targets: Sequence[outlets.Target] = ()

    @property
    def way_out(self) -> str | None:
        """The HTTP proxy for what runs in such a network."""
        return f"http://127.0.0.1:{outlets.PORT}" if sandbox.has_networks() else None

    def for_app(self, port: int) -> Network | None:
        """A network for the app that listens on the port."""
        return self._made(self.doors.to(port).path, frozenset())

    def for_build(self) -> Network | None:
        """A network that nobody comes into, and that leads to the package registries too."""
        return self._made(None, registries.registries(environment.registries()))

    def _made(self, door: Path | None, trusted: Collection[outlets.Target]) -> Network | None:
        if not sandbox.has_networks():
            return None
        upstream = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
        near = [target for target in trusted if target[0] in _LOOPBACK]
        passages = {target[1]: outlets.Passage(target).serve for target in (*self.targets, *near)}
        way_out = outlets.Outlet(self.targets, upstream, trusted).serve
        return Network(door, {**passages, outlets.PORT: way_out})

    def clear(self) -> None:
        """Remove the doors that an earlier supervisor has left open."""
        for left in self.doors.all():
            left.unlink(missing_ok=True)


def targets(text: str) -> tuple[outlets.Target, ...]:
    """The targets in ``host:port,…``. Raises ``ValueError``."""
    pairs = [each.rpartition(":") for each in text.split(",") if each]
    return tuple((host.strip("[]").lower(), int(port)) for host, _, port in pairs)
