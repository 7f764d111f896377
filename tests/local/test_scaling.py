"""Instances come and go with the load, and no request is lost."""

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from chalicelib.engines.base import Stage
from local.supervisor.limits import Limits
from local.supervisor.scaling import Scaling
from tests.local.conftest import APP, Proxied, Supervised, processes_of, until

SLOW = APP.replace("        print(", "        import time; time.sleep(PAUSE)\n        print(")
SLOW = SLOW.replace("PAUSE", "6 if self.path == '/slow' else 0.2")
SLOW = SLOW.replace("    def log_message", "    do_POST = do_GET\n\n    def log_message")
FILES = {"Procfile": "web: exec python app.py", "app.py": SLOW}


@pytest.fixture(scope="module")
def elastic() -> Iterator[Supervised]:
    """A supervisor that loses no time."""
    options = ["--scale-requests=4", "--scale-up-seconds=1", "--scale-down-seconds=2"]
    options += ["--drain-seconds=2"]
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")), options)
    yield made
    made.close()
    shutil.rmtree(made.state)


@pytest.fixture(scope="module")
def way_in(elastic: Supervised) -> Iterator[Proxied]:
    made = Proxied(elastic)
    yield made
    made.close()


@contextmanager
def load(way_in: Proxied, host: str, clients: int) -> Iterator[Counter[int]]:
    """So many clients that ask without a pause; how often each status was answered."""
    over, answers = threading.Event(), Counter[int]()

    def ask() -> None:
        with httpx.Client(base_url=way_in.client.base_url, timeout=30) as client:
            while not over.is_set():
                answers[client.get("/", headers={"Host": f"{host}.localhost"}).status_code] += 1

    with ThreadPoolExecutor(clients) as pool:
        asking = [pool.submit(ask) for _ in range(clients)]
        try:
            yield answers
        finally:
            over.set()
        for each in asking:
            each.result()


def test_instances_come_and_go_with_the_load(elastic: Supervised, way_in: Proxied) -> None:
    release, progress = elastic.run(FILES, max_instances=2)
    assert progress.stage is Stage.HEALTHY, progress.message
    host = way_in.knows(elastic.host(release))
    with load(way_in, host, 12) as answers:
        until(lambda: elastic.log(release).count("Healthy on port") == 2)
        before = answers[200]
        until(lambda: answers[200] > before + 100)
    assert set(answers) == {200}
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(ask_slowly, way_in, host) for _ in range(2)]
        until(lambda: "Scaling from 2 to 1: 2 requests" in elastic.log(release))
        assert [each.result() for each in slow] == [200, 200]
    until(lambda: len(processes_of(release.release_id)) == 1)
    assert elastic.log(release).count("Scaling from") == 2


def ask_slowly(way_in: Proxied, host: str) -> int:
    """The status of a request that takes long and that no proxy may repeat."""
    headers = {"Host": f"{host}.localhost"}
    return way_in.client.post("/slow", headers=headers, timeout=30).status_code


def test_the_scaled_ends_with_its_release(elastic: Supervised, way_in: Proxied) -> None:
    release, _ = elastic.run(FILES, max_instances=2)
    host = way_in.knows(elastic.host(release))
    with load(way_in, host, 10):
        until(lambda: len(processes_of(release.release_id)) == 2)
    elastic.engine.cancel_release(release.release_id)
    assert processes_of(release.release_id) == []


def steps(least: int, most: int, requests: list[int]) -> list[int]:
    """How many instances there are after each second with so many requests in flight."""
    limits = Limits(scale_requests=10, scale_up_seconds=3, scale_down_seconds=4)
    scaling, number, found = Scaling(least, most, limits), least, []
    for second, count in enumerate(requests):
        number = scaling.wanted(number, count, float(second))
        found.append(number)
    return found


@pytest.mark.parametrize(
    ("least", "most", "requests", "found"),
    [
        (1, 3, [11] * 7, [1, 1, 1, 2, 2, 2, 2]),
        (1, 3, [31] * 10, [1, 1, 1, 2, 2, 2, 3, 3, 3, 3]),
        (1, 3, [11, 11, 10, 11, 11, 11], [1] * 6),
        (1, 1, [99] * 6, [1] * 6),
        (1, 2, [30] * 4 + [6] * 5, [1, 1, 1, 2, 2, 2, 2, 2, 1]),
        (1, 2, [30] * 4 + [7] * 6, [1, 1, 1, 2, 2, 2, 2, 2, 2, 2]),
        (2, 4, [0] * 6, [2] * 6),
    ],
)
def test_the_rule(least: int, most: int, requests: list[int], found: list[int]) -> None:
    assert steps(least, most, requests) == found
