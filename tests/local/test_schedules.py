"""Schedules call their handlers at their rate and outlive what those raise."""

import threading
import time
from typing import Any

import pytest
from chalice.app import Chalice, CloudWatchEvent, Rate

from local import schedules


def test_the_event_is_what_chalice_expects() -> None:
    app = Chalice("app")
    seen: list[Any] = []

    @app.schedule(Rate(1, unit=Rate.MINUTES))
    def sweep(event: CloudWatchEvent) -> None:
        seen.append(event)

    schedules.call(sweep)
    [event] = seen
    assert (event.source, event.detail_type, event.detail) == ("aws.events", "Scheduled Event", {})
    assert event.resources[0].endswith(":rule/sweep")
    assert event.context.get_remaining_time_in_millis() > 0


def test_it_runs_at_once_then_at_its_rate_until_told_to_stop() -> None:
    times: list[float] = []
    stop = threading.Event()

    def sweep(*_: Any) -> None:
        times.append(time.monotonic())
        if len(times) == 3:
            stop.set()

    started = time.monotonic()
    schedules.run(sweep, 0.1, stop)
    assert len(times) == 3
    assert times[0] - started < 0.1
    assert times[2] - started >= 0.2


def test_an_exception_is_logged_and_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    stop, ran = threading.Event(), []

    def sweep(event: Any, _: Any) -> None:
        ran.append(event["id"])
        if len(ran) == 3:
            stop.set()
        raise RuntimeError("it broke")

    schedules.run(sweep, 0.01, stop)
    assert len(set(ran)) == 3
    assert "it broke" in caplog.text
