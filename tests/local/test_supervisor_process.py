"""The supervisor as a process: its end, its streams, its second life."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.engines.base import EngineUnavailable, Stage
from local.engine import Listener, LocalEngine
from local.supervisor import sandbox
from tests.local.conftest import BARE, WEB, Supervised, end, processes_of, until

# httpcore leaves the socket open that it could not connect; the collector closes it.
unconnected = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def mortal(place: Path) -> Iterator[Supervised]:
    made = Supervised(place)
    yield made
    made.close()


def busy(supervised: Supervised) -> None:
    """One app that runs and one build that goes on."""
    assert supervised.run(WEB)[1].stage is Stage.HEALTHY
    build = supervised.begin_build(supervised.repository(BARE), build_command="sleep 60")
    until(lambda: processes_of(build.deployment_id))


def test_the_socket_is_private(mortal: Supervised) -> None:
    assert stat.S_IMODE(mortal.socket.stat().st_mode) == 0o600
    assert mortal.http.get("/health").json() == {"status": "ok"}


@unconnected
def test_sigterm_leaves_no_process(mortal: Supervised) -> None:
    busy(mortal)
    mortal.process.send_signal(signal.SIGTERM)
    assert mortal.process.wait(10) == 0
    assert processes_of(str(mortal.state)) == []
    assert not mortal.socket.exists()
    with pytest.raises(EngineUnavailable):
        mortal.engine.build_log("dep_any")


@unconnected
def test_sigterm_while_a_release_is_being_ended(mortal: Supervised) -> None:
    release, _ = mortal.run(WEB, start_command="trap '' TERM; python app.py & sleep 60; sleep 60")
    removal = threading.Thread(target=remove, args=(mortal, release.service_id))
    removal.start()
    until(lambda: len(processes_of(release.release_id)) < 3)
    end(mortal.process)
    removal.join()
    assert processes_of(str(mortal.state)) == []


def remove(supervised: Supervised, service_id: str) -> None:
    with contextlib.suppress(EngineUnavailable):
        supervised.engine.remove(service_id)


def test_the_end_of_stdin_leaves_no_process(mortal: Supervised) -> None:
    busy(mortal)
    assert mortal.process.stdin
    mortal.process.stdin.close()
    assert mortal.process.wait(10) == 0
    assert processes_of(str(mortal.state)) == []


def test_the_next_supervisor_clears_up_after_a_killed_one(mortal: Supervised) -> None:
    busy(mortal)
    mortal.process.kill()
    mortal.process.wait()
    if not sandbox.is_there():  # what is in one ends with the supervisor
        assert processes_of(str(mortal.state)) != []
    mortal.close()
    following = Supervised(mortal.state)
    try:
        assert processes_of(str(mortal.state)) == []
        assert following.run(WEB)[1].stage is Stage.HEALTHY
    finally:
        following.close()


def test_the_next_supervisor_starts_what_was_built(mortal: Supervised) -> None:
    build, _ = mortal.build(mortal.repository(WEB))
    half = mortal.begin_build(mortal.repository(WEB), build_command="sleep 60")
    mortal.process.kill()
    mortal.process.wait()
    mortal.close()
    following = Supervised(mortal.state)
    try:
        assert following.start(build)[1].stage is Stage.HEALTHY
        assert [each.name for each in (mortal.state / "run/artifacts").iterdir()] == [
            build.deployment_id
        ]
        assert following.engine.build(build).commit
        assert "no longer kept" in (following.start(half)[1].message or "")
    finally:
        following.close()


def test_two_supervisors_do_not_share_a_state(mortal: Supervised) -> None:
    command = [sys.executable, "-m", "local.supervisor", "--socket", str(mortal.state / "t")]
    again = subprocess.run(
        [*command, "--state", str(mortal.state / "run")],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=os.environ,
    )  # fmt: skip
    assert again.returncode == 1
    assert "already running" in again.stderr


@unconnected
def test_jobs_are_woken_also_after_a_restart(mortal: Supervised) -> None:
    woken: list[str] = []
    stop = threading.Event()
    engine = LocalEngine(mortal.socket)
    thread = engine.listen(Listener(woken.append, lambda *_: None, lambda: None), stop)
    until(lambda: wakes(mortal, woken))
    mortal.close()
    following = Supervised(mortal.state)
    try:
        woken.clear()
        until(lambda: wakes(following, woken))
    finally:
        stop.set()
        thread.join(10)
        engine.close()
        following.close()
    assert not thread.is_alive()


def wakes(supervised: Supervised, woken: list[str]) -> bool:
    supervised.build(supervised.repository(BARE), job_id="job_of_mine")
    return "job_of_mine" in woken
