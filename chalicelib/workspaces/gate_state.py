"""A gate as it was last seen: what it says of a call at a moment."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .. import clock
from ..http.limits import LimitReached, Policy, Standing
from . import plans
from .plans import Limits

HOUR, TEN_MINUTES, MINUTE = 3600, 600, 60
EPOCH_MS = 1_767_225_600_000  # 2026-01-01
_MINUTE_STAMPS = MINUTE * 100


@dataclass(frozen=True)
class Badge:
    """What a call shows: its credential, whose it is, and whether it is an API key."""

    credential: str
    user_id: str
    is_key: bool


@dataclass(frozen=True)
class Moment:
    """A time as gates count it: clock-aligned windows, and stamps of hundredths of a second.

    Stamps count from 2026, so that they are short. A call's own is rounded up, and the ``cut``, at
    and before which a stamp is more than a minute old, down: a ring never lets one too many in.
    """

    hour: int
    ten: int
    stamp: int
    cut: int

    @classmethod
    def now(cls) -> "Moment":
        """The present."""
        ms = clock.now_ms()
        seconds, since = ms // 1000, ms - EPOCH_MS
        stamp, floor = -(-since // 10), since // 10
        return cls(seconds // HOUR, seconds // TEN_MINUTES, stamp, floor - _MINUTE_STAMPS)


@dataclass(frozen=True)
class State:
    """The attributes of a gate, as DynamoDB wrote them."""

    raw: dict[str, Any]

    def number(self, name: str) -> int:
        """A number among the attributes."""
        return int(self.raw[name]["N"])

    @property
    def plan(self) -> str:
        """The plan of the workspace's owner."""
        return str(self.raw["plan"]["S"])

    @cached_property
    def limits(self) -> Limits:
        """The plan's limits, but for those that the operator set for this workspace."""
        own = self.raw["limits"]["M"]
        figures = {name: int(one["N"]) if "N" in one else None for name, one in own.items()}
        return replace(plans.limits(self.plan), **figures)

    def role(self, user_id: str) -> str | None:
        """The role of a member."""
        found = self.raw["members"]["M"].get(user_id)
        return found and str(found["S"])

    def members(self) -> list[str]:
        """Who is a member."""
        return list(self.raw["members"]["M"])

    def ended(self) -> dict[str, int]:
        """The sessions that were closed, and until when that matters."""
        return {name: int(until["N"]) for name, until in self.raw["ended"]["M"].items()}

    def rings(self) -> Iterator[tuple[str, list[int]]]:
        """Every ring by its credential."""
        for credential, ring in self.raw["rings"]["M"].items():
            yield credential, [int(one["N"]) for one in ring["L"]]

    def ring(self, credential: str) -> list[int] | None:
        """The stamps of a credential's last calls, oldest first."""
        found = self.raw["rings"]["M"].get(credential)
        return None if found is None else [int(one["N"]) for one in found["L"]]

    def knows(self, badge: Badge) -> bool:
        """Whether the credential is good and its owner a member."""
        known = "rings" if badge.is_key else "ended"
        listed = badge.credential in self.raw[known]["M"]
        return listed == badge.is_key and self.role(badge.user_id) is not None

    def is_behind(self, moment: Moment) -> bool:
        """Whether a window has passed since the last call."""
        return self.number("hour") < moment.hour or self.number("ten") < moment.ten

    def counts(self, moment: Moment) -> tuple[int, int]:
        """The calls of the present hour and of the present ten minutes."""
        hour = self.number("hour_count") if self.number("hour") >= moment.hour else 0
        ten = self.number("ten_count") if self.number("ten") >= moment.ten else 0
        return hour, ten

    def standing(self, badge: Badge, moment: Moment) -> Standing:
        """Where the caller stands with every policy."""
        hour, ten = self.counts(moment)
        limits = self.limits
        hour_end = (max(moment.hour, self.number("hour")) + 1) * HOUR
        ten_end = (max(moment.ten, self.number("ten")) + 1) * TEN_MINUTES
        return (
            _policy("hour", limits.hour, HOUR, hour, hour_end),
            _policy("ten-minutes", limits.ten_minutes, TEN_MINUTES, ten, ten_end),
            _rolling(limits.minute, self.ring(badge.credential) or [], moment),
        )

    def check(self, badge: Badge, moment: Moment) -> None:
        """Raise ``LimitReached`` for the first policy that is exhausted."""
        standing = self.standing(badge, moment)
        for policy in standing:
            if policy.limit is not None and policy.remaining <= 0:
                raise LimitReached(standing, policy)


def _policy(name: str, limit: int | None, window: int, count: int, reset: int) -> Policy:
    return Policy(name, limit, window, max(0, (limit or 0) - count), reset)


def _rolling(limit: int | None, ring: list[int], moment: Moment) -> Policy:
    """The rolling minute; its reset is when the next call that counts now will count no more."""
    inside = [stamp for stamp in ring if stamp > moment.cut]
    next_out = inside[-limit:][0] if limit and inside else moment.stamp
    reset = -(-(EPOCH_MS + (next_out + _MINUTE_STAMPS) * 10) // 1000)
    return _policy("minute", limit, MINUTE, len(inside), reset)
