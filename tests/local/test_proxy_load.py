"""No request is lost under a steady load, whatever becomes of the instances."""

import http.client
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chalicelib.engines.base import Build, Release, Stage
from tests.local.conftest import Proxied, Supervised, processes_of, until
from tests.prove import PROVE

ROUNDS = 4 if PROVE else 1
ENOUGH = 300 if PROVE else 60
VISITORS = [("GET", False), ("GET", False), ("GET", True), ("POST", False), ("POST", True)]

APP = """
import asyncio, os
from aiohttp import web

async def answer(request):
    await asyncio.sleep(0.005)
    return web.Response(text=os.environ["V"])

app = web.Application()
app.router.add_route("*", "/", answer)
web.run_app(app, port=int(os.environ["PORT"]), print=None)
"""

# Dies once of each path, and keeps no connection open.
MORTAL = """
import http.server, os, pathlib

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        mark = pathlib.Path("died-of-" + self.path.strip("/"))
        if self.path != "/" and not mark.exists():
            mark.touch()
            os._exit(1)
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET

http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


class Load:
    """Visitors who ask without a pause, by methods, over connections kept open or always new."""

    def __init__(self, port: int, host: str) -> None:
        self._port, self._headers = port, {"Host": f"{host}.localhost"}
        self._over = threading.Event()
        self.outcomes: list[tuple[str, str]] = []

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._visit, args=each) for each in VISITORS]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def failures(self, *methods: str) -> list[tuple[str, str]]:
        return [each for each in self.outcomes if each[0] in methods and len(each[1]) > 1]

    def wait_for(self, version: str = "") -> None:
        """Wait until many more have been answered, the last of them by this version."""
        enough = len(self.outcomes) + ENOUGH
        until(lambda: len(self.outcomes) > enough and version in self.outcomes[-1][1])

    def _visit(self, method: str, is_new: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self._over.is_set():
            outcome = self._ask(connection, method)
            if is_new or len(outcome) > 1:
                connection.close()
            self.outcomes.append((method, outcome))
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, method: str) -> str:
        """The version of the app; anything longer is a failure."""
        try:
            connection.request(method, "/", headers=self._headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return repr(error)
        return text if answer.status == 200 else f"{answer.status} {text}"


@pytest.fixture(scope="module")
def supervised() -> Iterator[Supervised]:
    """A supervisor that loses no time before it starts again what has died."""
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")), ["--restart-seconds=0.1"])
    yield made
    made.close()
    shutil.rmtree(made.state)


@pytest.fixture(scope="module")
def build(supervised: Supervised) -> Build:
    return supervised.build(supervised.repository({"app.txt": APP}))[0]


def release(supervised: Supervised, build: Build, version: str, instances: int = 1) -> Release:
    """Put the release of a version in the place of the one before."""
    made, progress = supervised.start(
        build,
        start_command=f"exec {sys.executable} app.txt",
        environment={"V": version},
        instances=instances,
    )
    assert progress.stage is Stage.HEALTHY, progress.message
    supervised.host(made)
    supervised.engine.retire(made.service_id, made.release_id)
    return made


def test_switches_restarts_and_more_instances_lose_nothing(
    supervised: Supervised, proxied: Proxied, build: Build
) -> None:
    first = release(supervised, build, "0")
    load = Load(proxied.port, proxied.knows(supervised.host(first)))
    with load.going_on():
        for _ in range(ROUNDS):
            for version, instances in (("1", 1), ("1", 1), ("2", 1), ("2", 3), ("3", 1)):
                last = release(supervised, build, version, instances)
                load.wait_for(version)
        until(lambda: not processes_of(first.release_id))
        load.wait_for("3")
    assert load.failures("GET", "POST") == []
    assert len(processes_of(last.release_id)) == 1


def test_one_of_three_that_is_killed_loses_what_it_was_doing_at_most(
    supervised: Supervised, proxied: Proxied, build: Build
) -> None:
    last = release(supervised, build, "0", instances=3)
    load = Load(proxied.port, proxied.knows(supervised.host(last)))
    with load.going_on():
        load.wait_for("0")
        for _ in range(ROUNDS):
            processes_of(last.release_id)[0].kill()
            load.wait_for("0")
            until(lambda: len(processes_of(last.release_id)) == 3)
    assert load.failures("GET") == []
    in_flight = sum(method == "POST" for method, _ in VISITORS)
    assert len(load.failures("POST")) <= ROUNDS * in_flight


def test_only_what_may_be_done_twice_is_asked_again(proxied: Proxied) -> None:
    host = proxied.serve({"Procfile": "web: exec python app.py", "app.py": MORTAL})
    headers = {"Host": f"{host}.localhost"}
    assert proxied.get(host, "/get").status_code == 200
    assert proxied.client.post("/post", headers=headers).status_code == 502
    assert proxied.client.post("/post", headers=headers).status_code == 200
