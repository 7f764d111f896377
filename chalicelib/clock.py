"""The one clock. Tests move it with time-machine, which patches ``time.time_ns``."""

import time
from datetime import UTC, datetime


def now() -> int:
    """Seconds since the epoch."""
    return int(time.time())


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def rfc3339(ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339, UTC, whole seconds: ``2026-03-18T10:22:09Z``."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
