"""What each plan allows: the limits of calls (contract §4).

An operator sets other figures for all with ``ORBITRA_LIMITS``, and for one workspace on its gate.
"""

from dataclasses import dataclass, replace
from functools import cache

from ..settings import settings

FREE, PROFESSIONAL, ENTERPRISE = "free", "professional", "enterprise"


@dataclass(frozen=True)
class Limits:
    """Calls an hour and ten minutes of a workspace, and a minute of a credential; None: any."""

    hour: int | None = None
    ten_minutes: int | None = None
    minute: int | None = None


_DEFAULTS = {
    FREE: Limits(1_000, 600, 120),
    PROFESSIONAL: Limits(10_000, 3_000, 600),
    ENTERPRISE: Limits(),
}


@cache
def limits(plan: str) -> Limits:
    """The limits of a plan."""
    own = next((own for name, own in settings().limits.items() if name == plan), {})
    return replace(_DEFAULTS[plan], **own)
