"""Each of the three processes killed by itself, at random moments, while writes go on."""

import random
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import httpx
import psutil

from tests.local.conftest import until
from tests.local.test_restart import UNLIMITED, answers, kill
from tests.local.test_run import Run, repository, start, stop

THREADS = 4
MODULES = ("local.api", "local.supervisor", "local.proxy")
RUNS, DEATHS = 4, 5  # a sixth within a minute ends the run


def test_what_one_death_costs(tmp_path: Path) -> None:
    """No answered write, no service for long, and no process or port once the run has ended."""
    state, written, killed = tmp_path / "state", list[str](), list[str]()
    with running(state) as run:
        both = deploy_two(run, repository(tmp_path / "app"))
    for number in range(RUNS):
        with running(state) as run, writing(run, f"r{number}") as answered:
            killed += [kill_any(run) for _ in range(DEATHS)]
            until(lambda: serves(run, both), 60)
        written += answered
    with running(state) as run:
        found = [run.api.get(path).status_code for path in written]
    print(f"{len(written)} answered writes, killed: {' '.join(killed)}")
    assert len(written) > 10 * RUNS
    assert set(found) == {200}


@contextmanager
def running(state: Path) -> Iterator[Run]:
    """A run that ends as by Ctrl-C; no process of it is left then, and none of its ports taken."""
    run = start(state, ORBITRA_LIMITS=UNLIMITED)
    try:
        yield run
        ports = listening(processes_of(state))
    finally:
        run.api.close()
        stop(run.process)
    assert len(ports) >= len(MODULES)
    assert [each.cmdline() for each in processes_of(state)] == []
    assert not ports & listening(psutil.process_iter())


def deploy_two(run: Run, place: Path) -> dict[str, int]:
    """A service with one instance, and one with two; the ids with these numbers."""
    [one, two] = [run.deploy(name, f"file://{place}") for name in ("one", "two")]
    assert (one["status"], two["status"]) == ("live", "live"), (one, two)
    path = f"/api/web-services/{two['service_id']}"
    assert run.api.patch(path, json={"min_instances": 2, "max_instances": 2}).status_code == 200
    run.api.post(f"{path}/restart").raise_for_status()
    both = {one["service_id"]: 1, two["service_id"]: 2}
    until(lambda: serves(run, both), 30)
    return both


def serves(run: Run, wanted: dict[str, int]) -> bool:
    """Whether both services answer, with all of their instances."""
    try:
        found = {each: instances(run, each) for each in wanted}
    except httpx.TransportError:
        return False
    return found == wanted and answers(run, "one") and answers(run, "two")


def instances(run: Run, service_id: str) -> int:
    answer = run.api.get(f"/api/web-services/{service_id}/metrics")
    return int(answer.json()["instances"]) if answer.status_code == 200 else 0


def kill_any(run: Run) -> str:
    """Kill one of the three at some moment, also while another one comes back; which it was."""
    time.sleep(random.uniform(0.1, 3))
    launcher, module = psutil.Process(run.process.pid), random.choice(MODULES)
    kill(run, module)
    until(lambda: len([each for each in launcher.children() if is_ours(each)]) == len(MODULES))
    return module


def is_ours(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any(module in process.cmdline() for module in MODULES)
    return False


@contextmanager
def writing(run: Run, name: str) -> Iterator[list[str]]:
    """Write from several threads; afterwards, the paths of all whose making was answered."""
    enough, answered = threading.Event(), list[str]()
    with ThreadPoolExecutor(THREADS) as pool:
        threads = [
            pool.submit(write, run, f"{name}-{number}", enough, answered)
            for number in range(THREADS)
        ]
        try:
            yield answered
        finally:
            enough.set()
    for each in threads:
        each.result()


def write(run: Run, name: str, enough: threading.Event, answered: list[str]) -> None:
    """Make projects with a service each until it is enough."""
    for number in count():
        try:
            project = post(run, "/v1/projects", answered, name=f"{name}-{number}")
            url = {"name": f"{name}-{number}", "git_repository_url": "file:///nowhere"}
            post(run, "/api/web-services", answered, project_id=project, **url)
        except httpx.TransportError:
            enough.wait(0.1)
        if enough.is_set():
            return


def post(run: Run, path: str, answered: list[str], **body: str) -> str:
    """Make something and note its path; its id."""
    made = run.api.post(path, json=body)
    assert made.status_code == 201, made.text
    made_id = str(made.json()["id"])
    answered.append(f"{path}/{made_id}")
    return made_id


def processes_of(state: Path) -> list[psutil.Process]:
    """The living processes that were started with this state directory, users' ones too."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(str(state) in value for value in process.environ().values()):
                found.append(process)
    return found


def listening(processes: Iterable[psutil.Process]) -> set[int]:
    found = set()
    for process in processes:
        with suppress(psutil.Error):
            connections = process.net_connections("tcp")
            found |= {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}
    return found
