"""Logs that are followed, on the whole platform as it runs on one machine."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import psutil
import pytest

from local.supervisor.following import Follower
from local.supervisor.logs import Log, remove
from tests.local.conftest import until as until_true
from tests.local.test_restart import answers, kill
from tests.local.test_run import Run, repository, running, until
from tests.prove import PROVE

FOLLOWERS = 100 if PROVE else 30
UNBOUND = {"free": {"minute": 1000}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with running(tmp_path_factory.mktemp("state"), ORBITRA_LIMITS=json.dumps(UNBOUND)) as started:
        yield started


@pytest.fixture(scope="module")
def service(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A running service's id; its host is ``followed``."""
    app = repository(tmp_path_factory.mktemp("code") / "app")
    return str(run.deploy("followed", f"file://{app}")["service_id"])


class Events:
    """The events of a stream, as a browser reads them."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        name, data = "message", []
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif not line and data:
                yield name, "\n".join(data)
                name, data = "message", []

    def until(self, text: str) -> list[str]:
        """The lines up to the first that holds the text."""
        seen: list[str] = []
        for _, line in self:
            seen.append(line)
            if text in line:
                return seen
        raise AssertionError(seen)


@contextlib.contextmanager
def following(run: Run, path: str, **query: Any) -> Iterator[httpx.Response]:
    with run.api.stream("GET", path, params={"follow": "true", **query}) as response:
        yield response


@pytest.mark.parametrize("prefix", ["/api", "/api/v1"])
def test_a_service_from_its_tail_on(run: Run, service: str, prefix: str) -> None:
    path = f"{prefix}/web-services/{service}/logs"
    run.page("followed", "/before")
    with following(run, path, tail=50) as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["x-request-id"].startswith("req_")
        assert int(response.headers["x-ratelimit-remaining"]) > 0
        events = Events(response)
        assert "asked for /before" in events.until("asked for /before")[-1]
        for number in range(3):
            run.page("followed", f"/{number}")
        seen = [line for line in events.until("asked for /2") if "asked" in line]
    assert [line.partition("Z ")[2] for line in seen] == [f"asked for /{n}" for n in range(3)]


def test_a_build_until_the_deployment_is_over(run: Run, tmp_path: Path) -> None:
    project = run.api.post("/v1/projects", json={"name": "watched"}).json()["id"]
    body = {"git_url": f"file://{repository(tmp_path / 'app')}"}
    made = run.api.post(f"/v1/projects/{project}/deployments", json=body).json()
    path = f"/v1/deployments/{made['id']}/logs"
    with following(run, path) as response:
        live = list(Events(response))
    assert live[-1] == ("end", "live")
    assert "Cloning" in live[0][1]
    assert "Built commit" in live[-2][1]
    with following(run, path) as response:
        assert list(Events(response)) == live
    written = run.api.get(path).json()["logs"].splitlines()
    assert [line for _, line in live[:-1]] == written


def test_a_build_that_fails(run: Run) -> None:
    done = run.deploy("fails", "file:///nowhere/at/all")
    with following(run, f"/v1/deployments/{done['id']}/logs") as response:
        assert list(Events(response))[-1] == ("end", "failed")


def test_a_service_that_is_removed(run: Run, tmp_path: Path) -> None:
    done = run.deploy("leaves", f"file://{repository(tmp_path / 'app')}")
    path = f"/api/web-services/{done['service_id']}"
    until(run, path, "running")
    with following(run, f"{path}/logs") as response:
        events = Events(response)
        events.until("Healthy")
        assert run.api.delete(path).status_code == 204
        seen = list(events)
    assert seen[-1] == ("end", "deleted")


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_key_that_is_revoked(run: Run, service: str, *, is_busy: bool) -> None:
    """It reads no more within seconds, whether lines keep coming or not."""
    key = run.api.post("/api/api-keys", json={"name": "reader", "scope": "read"}).json()
    headers = {"Authorization": f"Bearer {key['plaintext_key']}"}
    path = f"/api/web-services/{service}/logs?follow=true&tail=1"
    with run.api.stream("GET", path, headers=headers) as response:
        events = Events(response)
        next(iter(events))
        assert run.api.delete(f"/api/api-keys/{key['id']}").status_code == 204
        with asking(run, "followed") if is_busy else contextlib.nullcontext():
            assert list(events)[-1] == ("end", "unauthorized")


@contextlib.contextmanager
def asking(run: Run, host: str) -> Iterator[None]:
    """Ask an app again and again, so that its log never rests."""
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            run.page(host, "/again")

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        yield
        enough.set()
        asked.result()


def test_a_supervisor_that_dies(run: Run, service: str) -> None:
    with following(run, f"/api/web-services/{service}/logs", tail=1) as response:
        events = Events(response)
        next(iter(events))
        kill(run, "local.supervisor")
        assert list(events)[-1] == ("end", "interrupted")
    until_true(lambda: answers(run, "followed"))
    with following(run, f"/api/web-services/{service}/logs", tail=1) as response:
        run.page("followed", "/anew")
        Events(response).until("/anew")


def test_refusals_are_handed_on(run: Run, service: str) -> None:
    path = f"/api/web-services/{service}/logs"
    for query, status in [("follow=maybe", 400), ("follow=true&tail=0", 400)]:
        assert run.api.get(f"{path}?{query}").status_code == status
    headers = {"Authorization": "Bearer nobody"}
    assert run.api.get(f"{path}?follow=true", headers=headers).status_code == 401
    unknown = "/v1/deployments/dep_00000000000000000000000000/logs?follow=true"
    assert run.api.get(unknown).status_code == 404


def test_many_followers(run: Run, service: str) -> None:
    """Many at once get every line, cost no thread each, and are gone when they hang up."""
    processes = psutil.Process(run.process.pid).children()
    before = sum(each.num_threads() for each in processes)
    during = asyncio.run(_follow_together(run, service, processes))
    assert during - before < FOLLOWERS / 2
    deadline = time.monotonic() + 10
    while _readers(processes, service) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _readers(processes, service) == 0


async def _follow_together(run: Run, service: str, processes: list[psutil.Process]) -> int:
    url = f"{run.api.base_url}/api/web-services/{service}/logs?follow=true&tail=1"
    headers = {"Authorization": run.api.headers["Authorization"]}
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(headers=headers, connector=connector) as session,
        contextlib.AsyncExitStack() as following,
    ):
        asked = [session.get(url) for _ in range(FOLLOWERS)]
        answers = [await following.enter_async_context(each) for each in asked]
        assert {answer.status for answer in answers} == {200}
        await asyncio.to_thread(run.page, "followed", "/all")
        async with asyncio.timeout(10):
            await asyncio.gather(*(_line(answer, b"/all") for answer in answers))
        return sum(each.num_threads() for each in processes)


async def _line(answer: aiohttp.ClientResponse, text: bytes) -> None:
    async for line in answer.content:
        if text in line:
            return


def _readers(processes: list[psutil.Process], service: str) -> int:
    opened = [file.path for each in processes for file in each.open_files()]
    return sum(service in path for path in opened)


def test_a_log_is_followed_over_its_turns(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", 1000, turns=True)
    follower = Follower(log.path)
    seen = follower.first(None, None)
    for number in range(200):
        log.write(b"line %d\n" % number)
        if number % 20 == 0:
            seen += follower.more()
    while chunk := follower.more():
        seen += chunk
    assert [int(line.split()[-1]) for line in seen.splitlines()] == list(range(200))
    remove(log.path)
    assert follower.is_removed
    follower.close()


def test_the_first_lines_of_two_files(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", 300, turns=True)
    for number in range(12):
        log.write(b"line %d\n" % number)
    follower = Follower(log.path)
    assert [line.split()[-1] for line in follower.first(3, None).splitlines()] == [
        b"9", b"10", b"11",
    ]  # fmt: skip
    assert follower.more() == b""
    follower.close()
