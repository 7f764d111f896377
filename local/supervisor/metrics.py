"""What the services have taken: a point every ten seconds for an hour, every minute for a day."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from chalicelib.engines.base import Sample
from local.supervisor.census import Usage

_HOUR, _DAY = 3600, 24 * 3600
_FINE, _COARSE = 10, 60


class Metrics:
    """The history of every service that has run within a day."""

    def __init__(self, healthy: Callable[[str], int], memory_limit_bytes: int) -> None:
        self._healthy = healthy
        self._limit = memory_limit_bytes
        self._all: dict[str, _History] = {}

    def note(self, usages: dict[str, Usage], now: float) -> None:
        """Take down what each service's processes take now; nothing for the others."""
        for service_id in usages.keys() - self._all.keys():
            self._all[service_id] = _History(now)
        for service_id, history in list(self._all.items()):
            if usage := usages.get(service_id):
                history.ran_at = now
            elif history.ran_at < now - _DAY:
                del self._all[service_id]
            history.add(self._sample(service_id, usage or Usage(), now))

    def of(self, service_id: str, seconds: int, now: float) -> list[Sample]:
        """The points of the last ``seconds``, the oldest first, and what it takes now."""
        history = self._all.get(service_id)
        return history.since(now - seconds, seconds) if history else []

    def forget(self, service_id: str) -> None:
        """Drop the history of a service."""
        self._all.pop(service_id, None)

    def _sample(self, service_id: str, usage: Usage, now: float) -> Sample:
        cpu, instances = round(usage.cpu_percent, 1), self._healthy(service_id)
        return Sample(int(now), cpu, usage.memory_bytes, instances, self._limit)


class _History:
    """The points of one service; bounded."""

    def __init__(self, now: float) -> None:
        self.ran_at = now
        self._latest: Sample | None = None
        self._fine = _Series(_FINE, _HOUR)
        self._coarse = _Series(_COARSE, _DAY)

    def add(self, sample: Sample) -> None:
        """Add what was seen last."""
        self._latest = sample
        self._fine.add(sample)
        self._coarse.add(sample)

    def since(self, begin: float, seconds: int) -> list[Sample]:
        """The points at or after ``begin``, as fine as they are kept for so long."""
        series = self._fine if seconds <= _HOUR else self._coarse
        points = [point for point in series.points if point.at >= begin]
        return points + ([self._latest] if self._latest else [])


class _Series:
    """One point for each ``step`` of seconds, for as long as ``span``."""

    def __init__(self, step: int, span: int) -> None:
        self.points: deque[Sample] = deque(maxlen=span // step)
        self._step = step
        self._gathered: list[Sample] = []

    def add(self, sample: Sample) -> None:
        """Gather a sample; a step's first one closes the step before."""
        if self._gathered and self._gathered[0].at // self._step != sample.at // self._step:
            self.points.append(_mean(self._gathered))
            self._gathered = []
        self._gathered.append(sample)


def _mean(samples: list[Sample]) -> Sample:
    """The mean load of a step, its highest memory (that is what the limit ends), its last count."""
    cpu = sum(each.cpu_percent or 0 for each in samples) / len(samples)
    memory = max(each.memory_bytes or 0 for each in samples)
    return replace(samples[-1], cpu_percent=round(cpu, 1), memory_bytes=memory)
