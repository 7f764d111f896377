"""The history of what services take: fine for an hour, coarse for a day, and bounded."""

from local.supervisor.census import Usage
from local.supervisor.metrics import Metrics

DAY = 24 * 3600


def busy(cpu: float = 50.0, memory: int = 1000) -> dict[str, Usage]:
    return {"svc": Usage(cpu, memory)}


def test_a_point_for_every_step() -> None:
    metrics = Metrics(lambda _: 1, 1024)
    for now in range(3600, 3600 + 25):
        metrics.note(busy(now % 10, now), now)
    *points, latest = metrics.of("svc", 3600, 3625)
    assert [(point.at, point.cpu_percent, point.memory_bytes) for point in points] == [
        (3609, 4.5, 3609),
        (3619, 4.5, 3619),
    ]
    assert (latest.at, latest.instances) == (3624, 1)


def test_what_does_not_run_takes_nothing() -> None:
    metrics = Metrics(lambda _: 0, 1024)
    metrics.note(busy(), 10)
    metrics.note({}, 20)
    point, latest = metrics.of("svc", 60, 21)
    assert point.memory_bytes == 1000
    assert (latest.cpu_percent, latest.memory_bytes, latest.instances) == (0.0, 0, 0)
    assert metrics.of("another", 60, 21) == []


def test_the_history_is_bounded() -> None:
    metrics = Metrics(lambda _: 1, 1024)
    for now in range(0, 2 * DAY, 10):
        metrics.note(busy(), now)
    assert 360 <= len(metrics.of("svc", 3600, 2 * DAY)) <= 361
    assert 1439 <= len(metrics.of("svc", DAY, 2 * DAY)) <= 1441
    assert len(metrics.of("svc", 900, 2 * DAY)) <= 91


def test_what_has_not_run_for_a_day_is_forgotten() -> None:
    metrics = Metrics(lambda _: 0, 1024)
    metrics.note(busy(), 0)
    metrics.note({}, DAY + 1)
    assert metrics.of("svc", DAY, DAY + 1) == []
