"""Instances: they share the load, come back when they die, sleep and wake up."""

import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from chalicelib.engines.base import EngineUnavailable, Release, Stage
from tests.local.conftest import APP, WEB, Proxied, Supervised, kill_all, processes_of, until

WHO = APP.replace('os.environ.get(self.path.strip("/"), "hello")', "os.environ['ORBITRA_RUN']")
SLOW = WHO.replace("        print(", "        import time; time.sleep(0.01)\n        print(")
BRIEF = APP.replace(
    'print("listening")', "import threading; threading.Timer(0.3, os._exit, [3]).start()"
)


@pytest.fixture(scope="module")
def lively() -> Iterator[Supervised]:
    """A supervisor that loses no time."""
    options = ["--restarts=2", "--restart-seconds=0.1", "--idle-seconds=2"]
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")), options)
    yield made
    made.close()
    shutil.rmtree(made.state)


@pytest.fixture(scope="module")
def way_in(lively: Supervised) -> Iterator[Proxied]:
    made = Proxied(lively)
    yield made
    made.close()


def serve(lively: Supervised, way_in: Proxied, app: str, **fields: object) -> tuple[Release, str]:
    release, progress = lively.run({"Procfile": "web: exec python app.py", "app.py": app}, **fields)
    assert progress.stage is Stage.HEALTHY, progress.message
    host = lively.host(release)
    until(lambda: way_in.get(host).status_code == 200)
    return release, host


def test_instances_share_the_load(lively: Supervised, way_in: Proxied) -> None:
    release, host = serve(lively, way_in, SLOW, instances=3)
    assert len(processes_of(release.release_id)) == 3
    with ThreadPoolExecutor(12) as pool:
        found = Counter(pool.map(lambda _: way_in.get(host).text, range(300)))
    assert len(found) == 3
    assert min(found.values()) > 60


def test_one_that_is_killed_under_load_is_not_missed(lively: Supervised, way_in: Proxied) -> None:
    release, host = serve(lively, way_in, SLOW, instances=3)
    over, answers = threading.Event(), Counter[int]()

    def ask() -> None:
        with httpx.Client(base_url=way_in.client.base_url) as client:
            while not over.is_set():
                answers[client.get("/", headers={"Host": f"{host}.localhost"}).status_code] += 1

    with ThreadPoolExecutor(6) as pool:
        for _ in range(6):
            pool.submit(ask)
        try:
            time.sleep(0.5)
            gone = processes_of(release.release_id)[0]
            gone.kill()
            until(lambda: gone not in (left := processes_of(release.release_id)) and len(left) == 3)
            time.sleep(1)
        finally:
            over.set()
    assert set(answers) == {200}
    assert answers[200] > 50
    assert len(processes_of(release.release_id)) == 3


def test_the_only_one_comes_back(lively: Supervised, way_in: Proxied) -> None:
    release, host = serve(lively, way_in, APP)
    kill_all(release.release_id)
    assert way_in.get(host).text == "hello"
    log = lively.log(release)
    assert "The app ended with signal SIGKILL" in log
    assert "It is started again in 0.1 s." in log


def test_one_that_dies_again_and_again_fails(lively: Supervised, way_in: Proxied) -> None:
    release, progress = lively.run({"Procfile": "web: python app.py", "app.py": BRIEF})
    assert progress.stage is Stage.HEALTHY, progress.message
    host = lively.host(release)
    failed = until(lambda: (found := lively.engine.start(release)).message and found)
    assert failed.stage is Stage.FAILED
    assert "exit code 3" in failed.message
    assert lively.log(release).count("It is started again") == 2
    reply = way_in.get(way_in.knows(host))
    assert reply.status_code == 503
    assert "has failed" in reply.text
    with pytest.raises(EngineUnavailable):
        lively.engine.switch(release.service_id, release.release_id, "x")


def test_it_sleeps_and_wakes(lively: Supervised, way_in: Proxied) -> None:
    release, host = serve(lively, way_in, APP, sleeps=True, pre_deploy_command="echo prepared once")
    until(lambda: not processes_of(release.release_id))
    assert lively.engine.start(release).stage is Stage.HEALTHY
    assert way_in.get(host).text == "hello"
    log = lively.log(release)
    assert log.index("Going to sleep") < log.index("Waking up")
    assert log.count("Z prepared once") == 1


def test_a_request_that_comes_while_it_falls_asleep(lively: Supervised, way_in: Proxied) -> None:
    stubborn = "trap 'sleep 1; exit' TERM; python app.py & wait"
    release, host = serve(lively, way_in, APP, sleeps=True, start_command=stubborn)
    until(lambda: "Going to sleep" in lively.log(release))
    assert way_in.get(host).text == "hello"


def test_one_that_is_asked_stays_awake(lively: Supervised, way_in: Proxied) -> None:
    release, host = serve(lively, way_in, APP, sleeps=True)
    for _ in range(25):
        assert way_in.get(host).text == "hello"
        time.sleep(0.2)
    assert "Going to sleep" not in lively.log(release)


def test_a_long_request_keeps_it_awake(lively: Supervised, way_in: Proxied) -> None:
    slow = APP.replace("        print(", "        import time; time.sleep(4)\n        print(")
    release, host = serve(lively, way_in, slow, sleeps=True)
    assert way_in.client.get("/", headers={"Host": f"{host}.localhost"}, timeout=10).text == "hello"
    assert "Going to sleep" not in lively.log(release)


def test_many_requests_wake_it_once(lively: Supervised, way_in: Proxied) -> None:
    release, host = serve(lively, way_in, APP, sleeps=True)
    until(lambda: not processes_of(release.release_id))
    with ThreadPoolExecutor(20) as pool:
        found = set(pool.map(lambda _: way_in.get(host).text, range(20)))
    assert found == {"hello"}
    assert lively.log(release).count("Waking up") == 1


def test_what_sleeps_can_be_stopped(lively: Supervised, way_in: Proxied) -> None:
    release, host = serve(lively, way_in, WEB["app.py"], sleeps=True)
    until(lambda: not processes_of(release.release_id))
    lively.engine.retire(release.service_id, None)
    reply = until(lambda: (found := way_in.get(host)).status_code == 503 and found)
    assert "is stopped" in reply.text
    until(lambda: lively.log(release).count("Stopped") == 1)
