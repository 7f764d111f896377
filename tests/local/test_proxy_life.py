"""The proxy while releases, apps and supervisors come and go."""

import threading
import time
from pathlib import Path

import httpx

from chalicelib.engines.base import Stage
from tests.local.conftest import APP, WEB, Proxied, Supervised, processes_of, until


def test_a_new_release_loses_no_request(supervised: Supervised, proxied: Proxied) -> None:
    files = {"app.py": APP.replace('print("GET"', '__import__("time").sleep(0.05); print("GET"')}
    build, _ = supervised.build(supervised.repository(files))
    first, _ = supervised.start(build, environment={"V": "one"})
    host = proxied.knows(supervised.host(first))
    with Visitors(proxied, host) as visitors:
        second, progress = supervised.start(build, environment={"V": "two"})
        assert progress.stage is Stage.HEALTHY
        supervised.host(second)
        supervised.engine.retire(second.service_id, second.release_id)
        until(lambda: not processes_of(first.release_id))
        assert processes_of(second.release_id)
        time.sleep(0.2)
    assert visitors.failures == []
    assert visitors.seen == ["one", "two"]
    assert supervised.engine.start(second).stage is Stage.HEALTHY


class Visitors:
    """Four visitors who ask without a pause."""

    def __init__(self, proxied: Proxied, host: str) -> None:
        self._proxied, self._host = proxied, host
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(4)]
        self.failures: list[object] = []
        self.seen: list[str] = []

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self) -> None:
        headers = {"Host": f"{self._host}.localhost"}
        with httpx.Client(base_url=f"http://127.0.0.1:{self._proxied.port}") as client:
            while not self._stop.is_set():
                try:
                    answer = client.get("/V", headers=headers)
                except httpx.TransportError as error:
                    self.failures.append(error)
                    continue
                if answer.status_code != 200:
                    self.failures.append(answer.status_code)
                elif answer.text not in self.seen:
                    self.seen.append(answer.text)


def test_the_proxy_outlives_the_supervisor(place: Path) -> None:
    first = Supervised(place)
    proxied = Proxied(first)
    try:
        host = proxied.serve(WEB)
        assert proxied.get(host).status_code == 200
        first.close()
        second = proxied.supervised = Supervised(first.state)
        try:
            host = proxied.serve(WEB)
            assert proxied.get(host).status_code == 200
        finally:
            second.close()
    finally:
        proxied.close()


def test_the_end_of_stdin_ends_the_proxy(supervised: Supervised) -> None:
    proxied = Proxied(supervised)
    proxied.client.close()
    assert proxied.process.stdin
    proxied.process.stdin.close()
    assert proxied.process.wait(5) == 0
