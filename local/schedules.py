"""EventBridge in this process: calls scheduled handlers at their rate."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from chalicelib import clock, ids

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], Any], Any]


def run(handler: Handler, seconds: float, stop: threading.Event) -> None:
    """Call the handler every so many seconds until told to stop; an error is logged only."""
    while not stop.wait(seconds):
        try:
            handler(_event(), None)
        except Exception:
            log.exception("a scheduled handler failed")


def _event() -> dict[str, Any]:
    return {
        "id": ids.new("req"),
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "time": clock.rfc3339(clock.now_ms()),
        "account": "local",
        "region": "local",
        "resources": [],
        "version": "0",
        "detail": {},
    }
