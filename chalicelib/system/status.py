"""Whether each part that the platform stands on answers, looked at most every ten seconds."""

import logging
from collections.abc import Callable
from threading import Lock
from typing import Literal

from .. import aws, clock, engines
from ..settings import settings
from ..store.claims import Claim

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 10
State = Literal["operational", "down"]


class Watch:
    """Looks at every part; what was seen is remembered, so that nobody can make it look often."""

    def __init__(self, parts: dict[str, Callable[[], object]]) -> None:
        self._parts = parts
        self._lock = Lock()
        self._seen: dict[str, State] = {}
        self._seen_at = 0

    def look(self) -> tuple[dict[str, State], int]:
        """Every part and how it is; when they were looked at, in epoch seconds."""
        with self._lock:
            if not self._seen or clock.now() >= self._seen_at + REMEMBERED_SECONDS:
                self._seen = {name: _state(name, ask) for name, ask in self._parts.items()}
                self._seen_at = clock.now()
            return self._seen, self._seen_at

    def forget(self) -> None:
        """Look again at the next call."""
        self._seen = {}


def _state(name: str, ask: Callable[[], object]) -> State:
    try:
        ask()
    except Exception:
        log.exception("a part does not answer", extra={"part": name})
        return "down"
    return "operational"


def _ask_queue() -> None:
    aws.client("sqs").get_queue_attributes(
        QueueUrl=settings().queue_url, AttributeNames=["QueueArn"]
    )


watch = Watch(
    {
        "database": lambda: Claim.find("health", "claim"),
        "jobs": _ask_queue,
        "secrets": lambda: aws.client("kms").describe_key(KeyId=settings().kms_key_id),
        "apps": lambda: engines.engine().check(),
    }
)
