"""Metrics of web services: of one that runs, and of one that does not."""

from datetime import UTC, datetime

import pytest

from chalicelib.engines.base import MEMORY_LIMIT_BYTES
from tests.client import Client, Queue

URL = "http://127.0.0.1:1/user/repo.git"


def new(ada: Client) -> str:
    """The path of a new service with two instances."""
    fields = {"name": "api", "git_repository_url": URL, "min_instances": 2, "max_instances": 2}
    return f"/api/web-services/{ada.post('/api/web-services', fields).json()['id']}"


def at(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)


def is_recent(timestamp: str) -> bool:
    return abs((datetime.now(UTC) - at(timestamp)).total_seconds()) < 20


def running(ada: Client, queue: Queue) -> str:
    """The path of one that runs."""
    path = new(ada)
    assert ada.post(f"{path}/deployments", {}).status == 201
    queue.run_to_the_end()
    return path


def test_a_service_that_runs(ada: Client, queue: Queue) -> None:
    latest = ada.get(f"{running(ada, queue)}/metrics").json()
    assert is_recent(latest.pop("timestamp"))
    assert latest == {
        "cpu_percent": 3.0,
        "memory_bytes": 128 * 1024**2,
        "memory_limit_bytes": 2 * MEMORY_LIMIT_BYTES,
        "instances": 2,
    }


def test_a_service_that_does_not_run(ada: Client, queue: Queue) -> None:
    path = running(ada, queue)
    ada.post(f"{path}/stop", {})
    queue.run_to_the_end()
    latest = ada.get(f"{path}/metrics").json()
    assert is_recent(latest.pop("timestamp"))
    assert latest == {
        "cpu_percent": 0.0,
        "memory_bytes": 0,
        "memory_limit_bytes": MEMORY_LIMIT_BYTES,
        "instances": 0,
    }
    assert ada.get(f"{path}/metrics/history").json() == {"period": "1h", "points": []}


@pytest.mark.parametrize(
    ("period", "seconds"), [("15m", 900), ("1h", 3600), ("6h", 21600), ("24h", 86400)]
)
def test_a_history(ada: Client, queue: Queue, period: str, seconds: int) -> None:
    path = running(ada, queue)
    history = ada.get(f"{path}/metrics/history?period={period}").json()
    assert history["period"] == period
    times = [point.pop("timestamp") for point in history["points"]]
    assert times == sorted(times)
    assert is_recent(times[-1])
    assert seconds - 60 <= (at(times[-1]) - at(times[0])).total_seconds() < seconds
    assert history["points"][0] == {
        "cpu_percent": 3.0,
        "memory_bytes": 128 * 1024**2,
        "instances": 2,
    }


@pytest.mark.parametrize("period", ["", "2h", "1H", "-1h"])
def test_a_period_that_is_not_kept(ada: Client, period: str) -> None:
    reply = ada.get(f"{new(ada)}/metrics/history?period={period}")
    assert reply.status == 400
    assert "period" in reply.json()["detail"]
