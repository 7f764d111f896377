"""Git connects to the address that was checked, whatever the name resolves to later."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib import engines
from chalicelib.engines.base import Build, Progress, Stage
from chalicelib.engines.simulated import SimulatedEngine
from chalicelib.security.egress import check_git_url
from tests.client import Client, Queue
from tests.local.conftest import WEB, Supervised, make_repository, supervision, until
from tests.local.git_server import serving
from tests.local.test_run import free_port


def test_the_checked_address_is_connected_to(supervised: Supervised, tmp_path: Path) -> None:
    """The name resolves nowhere; only the pin can lead git to the server."""
    make_repository(tmp_path / "app", WEB)
    with serving(tmp_path) as base:
        port = base.rpartition(":")[2]
        url = f"http://git.example.invalid:{port}/app/.git"
        pinned = f"git.example.invalid:{port}:127.0.0.1"
        _, led = supervised.build(url, pinned=pinned)
        _, lost = supervised.build(url)
    assert led.stage is Stage.BUILT, led.message
    assert lost.stage is Stage.FAILED


def test_the_checked_address_is_connected_to_over_git(tmp_path: Path) -> None:
    make_repository(tmp_path / "app", WEB)
    with supervision("--git-schemes=git") as supervised, daemon(tmp_path) as port:
        url = f"git://git.example.invalid:{port}/app"
        _, led = supervised.build(url, pinned=f"git.example.invalid:{port}:127.0.0.1")
        _, missing = supervised.build(
            url, pinned=f"git.example.invalid:{port}:127.0.0.1", branch="nope"
        )
        _, lost = supervised.build(url)
    assert led.stage is Stage.BUILT, led.message
    assert f'"nope" does not exist in {url}' in (missing.message or "")
    assert lost.stage is Stage.FAILED


@contextmanager
def daemon(root: Path) -> Iterator[int]:
    """Git's own server for the repositories below ``root``; its port."""
    port = free_port()
    options = [f"--base-path={root}", "--listen=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(["git", "daemon", "--export-all", *options], start_new_session=True)
    try:
        until(lambda: accepts(port))
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_what_git_is_given_is_what_was_checked(queue: Queue, ada: Client) -> None:
    """Curl would look up ``LOCALHOST.`` itself: the pin is for ``localhost``."""
    given = list[Build]()

    class Engine(SimulatedEngine):
        def build(self, build: Build) -> Progress:
            given.append(build)
            return super().build(build)

    engines.use(Engine())
    project = ada.post("/v1/projects", {"name": "shop"}).json()["id"]
    body = {"git_url": "HTTP://LocalHost.:1/user/repo.git"}
    assert ada.post(f"/v1/projects/{project}/deployments", body).status == 201
    queue.run_to_the_end()
    assert {each.git_url for each in given} == {"http://localhost:1/user/repo.git"}
    assert all((each.pinned or "").startswith("localhost:1:") for each in given)


def test_what_is_pinned() -> None:
    def pinned(url: str) -> str | None:
        return check_git_url(url, schemes=["http", "file"], allow_loopback=True).pinned

    assert pinned("http://localhost:81/x") in {
        f"localhost:81:{addresses}"
        for addresses in ("127.0.0.1", "[::1],127.0.0.1", "127.0.0.1,[::1]")
    }
    for literal in ("http://127.0.0.1:81/x", "http://[::1]:81/x", "file:///x"):
        assert pinned(literal) is None
