"""The watchdog: what takes too much is ended, whole and with a reason; neighbours do not notice."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chalicelib.engines.base import Release, Sample, Stage
from local.supervisor import cgroups, commands
from local.supervisor.census import Census
from tests.local.conftest import APP, BARE, WEB, Proxied, Supervised, processes_of, until

HOG = "python3 -c 'import time; held = bytearray(b\"x\") * (300 << 20); time.sleep(60)'"
SHARED = """
import os, time
held = bytearray(b"x") * (60 << 20)
for _ in range(3):
    if not os.fork():
        time.sleep(60)
"""
GREEDY = f"""
import os, subprocess, threading, time

def be_greedy():
    order = os.environ["HOME"] + "/now"
    while not os.path.exists(order):
        time.sleep(0.05)
    os.remove(order)
    subprocess.run(["setsid", "env", "-i", "PATH=" + os.environ["PATH"], "sh", "-c", {HOG!r}])

threading.Thread(target=be_greedy, daemon=True).start()
{APP}"""

BOMBS = {"linear": "for i in $(seq 20000); do setsid sleep 60 & done; wait"}
if cgroups.are_there():  # without them, nothing counts threads, and one bomb takes all there is
    BOMBS["exponential"] = "bomb() { bomb | bomb & }; bomb; sleep 60"
    BOMBS["threads"] = (
        "python3 -c 'import threading, time\nwhile True:"
        " threading.Thread(target=time.sleep, args=(60,)).start()'"
    )
ENDED = re.compile(r"The (build|app) started more than (60 processes|240 processes and threads)")


@pytest.fixture(scope="module")
def strict() -> Iterator[Supervised]:
    """A supervisor whose limits are soon reached."""
    limits = ["--memory-bytes=134217728", "--build-memory-bytes=134217728", "--processes=60"]
    quick = ["--watch-seconds=0.2", "--disk-bytes=20971520", "--disk-seconds=0.3"]
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")), [*limits, *quick])
    yield made
    made.close()
    shutil.rmtree(made.state)


def refused(strict: Supervised, command: str) -> str:
    """Why a build with this command has failed; nothing of it is left."""
    build, progress = strict.build(strict.repository(BARE), build_command=command)
    assert progress.stage is Stage.FAILED
    assert processes_of(build.deployment_id) == []
    assert f"==> Failed: {progress.message}" in strict.engine.build_log(build.deployment_id)
    return str(progress.message)


def latest(strict: Supervised, release: Release) -> Sample:
    """What a service takes now."""
    until(lambda: strict.engine.metrics(release.service_id, 60))
    return strict.engine.metrics(release.service_id, 60)[-1]


def test_an_app_that_takes_too_much_memory(strict: Supervised) -> None:
    release, progress = strict.run({**WEB, "app.py": GREEDY})
    assert progress.stage is Stage.HEALTHY, progress.message
    first = {each.pid for each in processes_of(release.release_id)}
    (strict.state / "run/homes" / release.deployment_id / "now").touch()
    until(lambda: "It is started again" in strict.log(release))
    assert "==> The app used more than 128 MiB of memory and was ended; make" in strict.log(release)
    until(lambda: strict.log(release).count("Healthy on port") == 2)
    assert not first & {each.pid for each in processes_of(release.release_id)}


def test_an_app_that_takes_too_much_at_its_start(strict: Supervised) -> None:
    _, progress = strict.run(BARE, start_command=HOG)
    assert progress.stage is Stage.FAILED
    assert str(progress.message).startswith("The app used more than 128 MiB of memory")


def test_what_a_pre_deploy_command_takes(strict: Supervised) -> None:
    _, progress = strict.run(BARE, start_command="sleep 9", pre_deploy_command=HOG)
    assert "used more than 128 MiB of memory" in str(progress.message)


def test_a_build_that_takes_too_much_memory(strict: Supervised) -> None:
    said = refused(strict, f"(setsid {HOG} &) ; sleep 60")
    assert said == (
        "The build used more than 128 MiB of memory and was ended; "
        "make it use less, or start fewer workers."
    )


def test_memory_that_workers_share_counts_once(strict: Supervised) -> None:
    release, progress = strict.run({**WEB, "app.py": f"{SHARED}{APP}"})
    assert progress.stage is Stage.HEALTHY, progress.message
    until(lambda: (latest(strict, release).memory_bytes or 0) > 200 << 20)
    assert "was ended" not in strict.log(release)


def test_a_build_that_fills_the_disk(strict: Supervised) -> None:
    fill = "dd if=/dev/zero of=$HOME/big bs=1M count=30 2>/dev/null"
    for command in (fill, f"{fill}; sleep 60"):
        assert refused(strict, command).startswith("The build wrote more than 20 MiB to the disk")


@pytest.fixture(scope="module")
def neighbour(strict: Supervised) -> Iterator[Callable[[], None]]:
    """Asks a service through the proxy, which has to answer."""
    proxied = Proxied(strict)
    host = proxied.serve(WEB)

    def answers() -> None:
        assert proxied.get(host).status_code == 200

    yield answers
    proxied.close()


@pytest.mark.parametrize("command", BOMBS.values(), ids=BOMBS)
def test_neighbours_of_a_fork_bomb_in_a_build(
    strict: Supervised, neighbour: Callable[[], None], command: str
) -> None:
    before, most = len(psutil.pids()), 0
    bomb = strict.begin_build(strict.repository(BARE), build_command=command)
    while strict.engine.build(bomb).stage is not Stage.FAILED:
        neighbour()
        most = max(most, len(psutil.pids()))
    assert ENDED.match(str(strict.engine.build(bomb).message))
    assert processes_of(bomb.deployment_id) == []
    assert not cgroups.are_there() or most < before + 300
    neighbour()


@pytest.mark.parametrize("command", BOMBS.values(), ids=BOMBS)
def test_neighbours_of_a_fork_bomb_in_an_app(
    strict: Supervised, neighbour: Callable[[], None], command: str
) -> None:
    release, progress = strict.run(BARE, start_command=command)
    assert progress.stage is Stage.FAILED
    assert ENDED.match(str(progress.message))
    assert f"==> Failed: {progress.message}" in strict.log(release)
    assert processes_of(release.release_id) == []
    neighbour()


def test_an_app_that_fills_the_disk(strict: Supervised, neighbour: Callable[[], None]) -> None:
    fill = "dd if=/dev/zero of=big bs=1M count=30; exec python app.py"
    release, _ = strict.run(WEB, start_command=fill)
    # Who looks waits twenty times as long as a look took, and here others work too.
    until(lambda: "The app wrote more than 20 MiB to the disk" in strict.log(release), 90)
    neighbour()


def test_metrics_of_a_service(strict: Supervised) -> None:
    release, _ = strict.run(WEB, instances=2)

    until(lambda: (latest(strict, release).memory_bytes or 0) > 10 << 20)
    until(lambda: latest(strict, release).instances == 2)
    strict.engine.retire(release.service_id, None)
    until(lambda: latest(strict, release).memory_bytes == 0)
    assert latest(strict, release).instances == 0
    strict.engine.remove(release.service_id)
    assert strict.engine.metrics(release.service_id, 60) == []


def test_an_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def note(process: psutil.Process) -> str:
        read.append(process.pid)
        return ""

    monkeypatch.setattr(commands, "run_of", note)
    monkeypatch.setattr("local.supervisor.census._YOUNG_SECONDS", -1)
    census = Census()
    census.take(512)
    assert read.count(os.getpid()) == 1
    census.take(512)
    assert read.count(os.getpid()) == 1
