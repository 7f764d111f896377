"""A canceled deployment leaves nothing, whenever that is, and the version before serves on."""

import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
import pytest

from local.supervisor import commands
from tests.local.conftest import processes_of, until
from tests.local.deploying import Shop, serves, shop
from tests.prove import PROVE

SECONDS = 5
ROUNDS = 100 if PROVE else 3
LONGEST_SECONDS = 0.8  # about what a deployment takes
SLEEPS = "sleep 600"


@dataclass
class Phase:
    """What a deployment is held up by, and the command that shows it."""

    command: str
    clones: bool = False
    app: str = serves("1")
    fields: dict[str, str] = field(default_factory=dict)


PHASES = {
    "clone": Phase("git", clones=True),
    "build": Phase("sleep", fields={"build_command": SLEEPS}),
    "pre-deploy command": Phase("sleep", fields={"pre_deploy_command": SLEEPS}),
    "health check": Phase("python", app="import time\ntime.sleep(600)"),
}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("o")) as made:
        yield made


@contextmanager
def silence() -> Iterator[str]:
    """The URL of a git server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/repo.git"


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
def test_in_every_phase(one: Shop, phase: Phase) -> None:
    one.change(**phase.fields)
    one.push(phase.app)
    with silence() as nowhere, one.serving("1"):
        deployment = one.deploy(nowhere if phase.clones else "")
        until(lambda: runs(deployment, phase.command))
        canceled = one.cancel(deployment)
        assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
        until(lambda: one.left_of(deployment) == [], SECONDS)
        assert one.cancel(deployment).status_code == 200
        one.change(build_command=None, pre_deploy_command=None)
        one.push(serves("1"))
        one.go_live()
    assert one.status() == "running"
    until(lambda: len(one.told(deployment)) == 2)
    assert set(one.told(deployment).values()) == {"deployment.created", "deployment.canceled"}


def runs(deployment: str, command: str) -> bool:
    return any(command in name_of(each) for each in processes_of(deployment))


def name_of(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def test_at_any_moment(one: Shop) -> None:
    """Also one that overtakes, and one that went live the moment before."""
    ended = dict[str, str]()
    with one.serving("1"):
        for _ in range(ROUNDS):
            deployment = one.deploy()
            time.sleep(random.uniform(0, LONGEST_SECONDS))
            answer = one.cancel(deployment)
            ended[deployment] = one.shown(deployment)["status"]
            assert (answer.status_code, ended[deployment]) in {(200, "canceled"), (409, "live")}
        last = one.go_live()
    canceled = [each for each, status in ended.items() if status == "canceled"]
    print(f"{len(canceled)} of {ROUNDS} canceled")
    until(lambda: [one.left_of(each) for each in canceled] == [[]] * len(canceled), SECONDS)
    until(lambda: all(last in commands.run_of(each) for each in processes_of(str(one.state))))
    assert one.status() == "running"
