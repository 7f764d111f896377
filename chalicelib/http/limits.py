"""Rate limits as a response tells of them, and the one that counts strangers by address.

Every response says where its caller stands: ``X-RateLimit-*`` one policy, ``RateLimit-Policy`` and
``RateLimit`` all of them (draft-ietf-httpapi-ratelimit-headers-10).
"""

import threading
from dataclasses import dataclass

from .. import clock
from ..errors import TooManyRequests
from ..settings import settings

UNLIMITED = 1_000_000
MOST_ADDRESSES = 10_000


@dataclass(frozen=True)
class Policy:
    """One limit and where the caller stands: ``reset`` is epoch seconds, ``window`` seconds."""

    name: str
    limit: int | None
    window: int
    remaining: int
    reset: int

    @property
    def seconds(self) -> int:
        """How long until the reset, at most the window: the reset is rounded up."""
        return min(self.window, max(1, self.reset - clock.now()))


Standing = tuple[Policy, ...]


class LimitReached(TooManyRequests):
    """A policy is exhausted."""

    def __init__(self, standing: Standing, refused: Policy) -> None:
        super().__init__(retry_after=refused.seconds)
        self.standing = standing
        self.refused = refused


def headers(standing: Standing, shown: Policy) -> dict[str, str]:
    """The headers of a caller who stands so; ``shown`` is the policy that X-RateLimit-* tell."""
    policies = [f'"{one.name}";q={_figure(one.limit)};w={one.window}' for one in standing]
    states = [f'"{one.name}";r={_remaining(one)};t={one.seconds}' for one in standing]
    return {
        "X-RateLimit-Limit": str(_figure(shown.limit)),
        "X-RateLimit-Remaining": str(_remaining(shown)),
        "X-RateLimit-Reset": str(shown.reset),
        "RateLimit-Policy": ", ".join(policies),
        "RateLimit": ", ".join(states),
    }


def _figure(limit: int | None) -> int:
    return UNLIMITED if limit is None else limit


def _remaining(policy: Policy) -> int:
    return UNLIMITED if policy.limit is None else policy.remaining


class Strangers:
    """Counts calls without good credentials per address and minute, in the process's memory."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def count(self, address: str) -> Policy:
        """Count one call. Raises ``LimitReached`` when the address had its share this minute."""
        with self._lock:
            minute, count = self._present(address)
            limit = settings().address_limit
            if count >= limit:
                policy = _by_address(minute, count)
                raise LimitReached((policy,), policy)
            if len(self._counts) >= MOST_ADDRESSES:
                self._counts.clear()
            self._counts[address] = (minute, count + 1)
        return _by_address(minute, count + 1)

    def look(self, address: str) -> Policy:
        """Where the address stands, without counting."""
        return _by_address(*self._present(address))

    def forget(self) -> None:
        """Begin anew."""
        self._counts.clear()

    def _present(self, address: str) -> tuple[int, int]:
        now = clock.now() // 60
        minute, count = self._counts.get(address, (now, 0))
        return (minute, count) if minute == now else (now, 0)


def _by_address(minute: int, count: int) -> Policy:
    limit = settings().address_limit
    return Policy("address", limit, 60, max(0, limit - count), (minute + 1) * 60)


strangers = Strangers()
