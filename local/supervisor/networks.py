"""The networks of all apps and builds: how one gets in, and what they reach outside."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from local.doors import Doors
from local.supervisor import environment, outlets, registries, sandbox
from local.supervisor.network import Entrance, Network

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Networks:
    """Makes them; where this machine has none for sandboxes, apps share the machine's own.

    An app finds each of the ``targets`` on loopback too, at its port, unless it is the app's own.
    """

    doors: Doors
    targets: Sequence[outlets.Target] = ()

    def port(self, wanted: int, number: int) -> int:
        """Where an instance listens: as wanted, but on its number in a network that all share."""
        return wanted if sandbox.has_networks() else number

    def way_out(self, port: int | None = None) -> str | None:
        """The HTTP proxy for what runs in such a network, where an app has the port."""
        return f"http://127.0.0.1:{_outlet(port)}" if sandbox.has_networks() else None

    def for_app(self, port: int | None, number: int | None) -> Network | None:
        """A network for an app on the port; who comes in does so by the number, if it has both."""
        entrance = Entrance(self.doors.to(number).path, port) if number and port else None
        return self._made(entrance, port, frozenset())

    def for_build(self) -> Network | None:
        """A network that nobody comes into, and that leads to the package registries too."""
        return self._made(None, None, registries.registries(environment.registries()))

    def _made(
        self, entrance: Entrance | None, port: int | None, trusted: Collection[outlets.Target]
    ) -> Network | None:
        if not sandbox.has_networks():
            return None
        upstream = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
        near = [target for target in trusted if target[0] in _LOOPBACK]
        passages = {target[1]: outlets.Passage(target).serve for target in (*self.targets, *near)}
        passages.pop(port or 0, None)
        way_out = outlets.Outlet(self.targets, upstream, trusted).serve
        return Network(entrance, {**passages, _outlet(port): way_out})

    def clear(self) -> None:
        """Remove the doors that an earlier supervisor has left open."""
        for left in self.doors.all():
            left.unlink(missing_ok=True)


def _outlet(port: int | None) -> int:
    """Where the way out is: beside what an app has for itself."""
    return outlets.PORT + 1 if port == outlets.PORT else outlets.PORT


def targets(text: str) -> tuple[outlets.Target, ...]:
    """The targets in ``host:port,…``. Raises ``ValueError``."""
    pairs = [each.rpartition(":") for each in text.split(",") if each]
    return tuple((host.strip("[]").lower(), int(port)) for host, _, port in pairs)
