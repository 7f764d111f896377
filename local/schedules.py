"""Schedules: calls Chalice's ``@app.schedule`` handlers at their rates, as EventBridge does."""

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalice.local import LambdaContext

TIMEOUT_MS = 60_000

Handler = Callable[[dict[str, Any], Any], Any]

log = logging.getLogger(__name__)


def run(handler: Handler, seconds: float, stop: threading.Event) -> None:
    """Call the handler now and every so many seconds until told to stop; errors are logged only.

    Now too, because a restart may have left something to do.
    """
    while not stop.is_set():
        call(handler)
        stop.wait(seconds)


def call(handler: Handler) -> None:
    """Call a handler once with a scheduled event; what it raises is logged."""
    name = getattr(getattr(handler, "func", handler), "__name__", "schedule")
    context = LambdaContext(name, memory_size=512, max_runtime_ms=TIMEOUT_MS)
    try:
        handler(_event(name), context)
    except Exception:
        log.exception("the schedule %s failed", name)


def _event(name: str) -> dict[str, Any]:
    """What EventBridge sends.

    See https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html.
    """
    region, account = "us-east-1", "123456789012"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:events:{region}:{account}:rule/{name}"],
        "detail": {},
    }
