"""The networks of all apps: how one gets in, and what they reach outside."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from local.doors import Doors
from local.supervisor import outlets, sandbox
from local.supervisor.network import Network


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

    def make(self, port: int) -> Network | None:
        """A network for the app that listens on the port."""
        if not sandbox.has_networks():
            return None
        upstream = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
        passages = {target[1]: outlets.Passage(target).serve for target in self.targets}
        way_out = outlets.Outlet(self.targets, upstream).serve
        return Network(self.doors.path(port), {**passages, outlets.PORT: way_out})

    def clear(self) -> None:
        """Remove the doors that an earlier supervisor has left open."""
        for left in self.doors.all():
            left.unlink(missing_ok=True)


def targets(text: str) -> tuple[outlets.Target, ...]:
    """The targets in ``host:port,…``. Raises ``ValueError``."""
    pairs = [each.rpartition(":") for each in text.split(",") if each]
    return tuple((host.strip("[]").lower(), int(port)) for host, _, port in pairs)
