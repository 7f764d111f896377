"""What was asked of each app and how it answered: a line a request, kept until it is taken."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

MOST_LINES = 200
LONGEST_METHOD, LONGEST_PATH = 16, 300
CLIENT_LEFT = 499


@dataclass
class Visit:
    """A request that is under way; who leaves before the answer gets the status of that."""

    status: int = CLIENT_LEFT


class Visits:
    """Keeps at most so many lines of a host; of the others their number."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, list[str]] = defaultdict(list)
        self._more: Counter[str] = Counter()

    @contextmanager
    def noting(self, host: str, method: str, target: bytes) -> Iterator[Visit]:
        """Note a request to the host when it is over."""
        visit, started = Visit(), time.monotonic()
        try:
            yield visit
        finally:
            if len(self._lines[host]) < MOST_LINES:
                took = round((time.monotonic() - started) * 1000)
                self._lines[host].append(f"{_asked(method, target)} {visit.status} {took} ms")
            else:
                self._more[host] += 1

    def take(self) -> Mapping[str, list[str]]:
        """The lines of each host since the last call."""
        taken = dict(self._lines)
        for host, number in self._more.items():
            taken[host].append(f"… {number} more")
        self._lines.clear()
        self._more.clear()
        return taken


def _asked(method: str, target: bytes) -> str:
    """Method and path; the query may hold secrets."""
    path = target.partition(b"?")[0][:LONGEST_PATH].decode("ascii", "backslashreplace")
    return f"{method[:LONGEST_METHOD]} {path}"
