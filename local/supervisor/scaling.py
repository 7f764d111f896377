"""How many instances a release has, by the requests that are in flight."""

from local.supervisor.limits import Limits


class Scaling:
    """Says when there shall be one instance more or one less, within the release's bounds.

    One more, when for ``scale_up_seconds`` each has had more than ``scale_requests`` to answer at
    once; one less, when for ``scale_down_seconds`` each has had less than a third of that.
    """

    def __init__(self, least: int, most: int, limits: Limits) -> None:
        self._least = least
        self._most = most
        self._limits = limits
        self._step = 0
        self._since = 0.0

    def wanted(self, number: int, requests: int, now: float) -> int:
        """How many there shall be, when ``number`` have ``requests`` in flight now (seconds)."""
        step = self._due(number, requests / number)
        if step != self._step:
            self._step, self._since = step, now
        patience = {1: self._limits.scale_up_seconds, -1: self._limits.scale_down_seconds}
        if step == 0 or now - self._since < patience[step]:
            return number
        self._since = now
        return number + step

    def _due(self, number: int, each: float) -> int:
        if each > self._limits.scale_requests and number < self._most:
            return 1
        if each < self._limits.scale_requests / 3 and number > self._least:
            return -1
        return 0
