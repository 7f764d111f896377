"""How often the same account, or the same address, may try what needs no credentials.

Counted exactly, before any costly work, and alike whether the account exists or not: what is
counted is the text that was sent. Windows are aligned to the clock.
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from .. import clock
from ..errors import TooManyRequests
from ..settings import AttemptPolicy, settings
from . import store

QUARTER, HOUR = 900, 3600


@dataclass(frozen=True)
class Policy:
    """At most so many attempts in a window of so many seconds."""

    most: int
    seconds: int


POLICIES: dict[AttemptPolicy, Policy] = {
    "login_per_account": Policy(10, QUARTER),
    "login_per_address": Policy(60, QUARTER),
    "register_per_address": Policy(60, HOUR),
    "reset_per_account": Policy(5, HOUR),
    "reset_per_address": Policy(30, HOUR),
    "confirm_per_address": Policy(30, HOUR),
    "resend_per_account": Policy(5, HOUR),
}


def count(name: AttemptPolicy, subject: str) -> None:
    """Count an attempt. Raises ``TooManyRequests`` when the window holds no more.

    The subject is an e-mail address as it was sent, or the IP address of the caller.
    """
    counted = _of_address(subject) if name.endswith("_per_address") else subject.casefold()
    if counted is None:
        return
    policy = POLICIES[name]
    start = clock.now() // policy.seconds * policy.seconds
    end = start + policy.seconds
    key = f"{name}#{hashlib.sha256(counted.encode()).hexdigest()}"
    if not store.count_attempt(key, start, end, settings().attempt_limits.get(name, policy.most)):
        wait = max(1, end - clock.now())
        raise TooManyRequests(f"Too many attempts; try again in {wait} seconds", wait)


def _of_address(text: str) -> str | None:
    """What is counted for an IP address: IPv6 by its /64, which one caller has all of.

    None for this very machine, where the operator lets it be used as a network.
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback and settings().allow_loopback:
        return None
    return str(IPv6Network((address, 64), strict=False)) if address.version == 6 else str(address)
