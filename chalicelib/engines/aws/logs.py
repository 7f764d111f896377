"""What a service's processes have printed, from CloudWatch."""

from collections import deque
from datetime import UTC, datetime
from typing import Any

from ... import clock
from ...settings import settings
from ..base import LogPage
from .calls import pages
from .versions import function

_PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START", "EXTENSION")
_MOST_PAGES = 20


def read(service_id: str, tail: int, since: int | None) -> LogPage:
    """The last lines; when it is not said since when, the last hour, then the last days."""
    day = 86_400
    spans = (3600, day, day * settings().app_log_days)
    begins = [since] if since is not None else [clock.now() - span for span in spans]
    events: list[dict[str, Any]] = []
    for begin in begins:
        events = _last(service_id, tail, begin)
        if len(events) >= tail:
            break
    stream = events[-1]["logStreamName"] if events else None
    return LogPage("".join(map(line, events)), stream)


def _last(service_id: str, tail: int, begin: int) -> list[dict[str, Any]]:
    """The last events since then; CloudWatch hands them out from the oldest on."""
    where = {"logGroupName": f"/aws/lambda/{function(service_id)}", "startTime": begin * 1000}
    kept: deque[dict[str, Any]] = deque(maxlen=tail)
    found = pages("logs", "filter_log_events", ("nextToken", "nextToken"), **where)
    for page, _ in zip(found, range(_MOST_PAGES), strict=False):
        kept.extend(each for each in page["events"] if not _is_platform(each))
    return list(kept)


def _is_platform(event: dict[str, Any]) -> bool:
    return bool(event["message"].startswith(_PLATFORM))


def line(event: dict[str, Any]) -> str:
    """An event of CloudWatch as a line that begins with its time."""
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ} {event['message'].rstrip()}\n"
