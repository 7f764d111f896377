"""Messages sent twice and messages lost, with the real engine: each deployment happens once."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from time_machine import Traveller

from chalicelib import engines
from chalicelib.jobs import sweep
from local.engine import LocalEngine
from tests.client import Client, Queue, make_due
from tests.local.conftest import WEB, Supervised, processes_of


@pytest.fixture(autouse=True)
def engine(supervised: Supervised, queue: Queue) -> Iterator[None]:
    """The supervisor's engine in place of the simulated one."""
    made = LocalEngine(supervised.socket)
    engines.use(made)
    yield
    made.close()


def deploy(ada: Client, supervised: Supervised, number: int) -> Any:
    project = ada.post("/v1/projects", {"name": f"app {number}"}).json()["id"]
    body = {"git_url": supervised.repository(WEB), "environment": {"NUMBER": str(number)}}
    return ada.post(f"/v1/projects/{project}/deployments", body).json()


def happened_once(ada: Client, deployment: str) -> bool:
    log = ada.get(f"/v1/deployments/{deployment}/logs").json()["logs"]
    assert log.count("Cloning the branch") == 1
    return processes_of(f"{deployment}-1") != []


def over(ada: Client, deployments: list[Any]) -> bool:
    shown = [ada.get(f"/v1/deployments/{one['id']}").json() for one in deployments]
    assert not [one for one in shown if one["status"] == "failed"], shown
    return all(one["status"] == "live" for one in shown)


def test_every_message_twice(ada: Client, supervised: Supervised, queue: Queue) -> None:
    deployments = [deploy(ada, supervised, number) for number in range(3)]
    for _ in range(200):
        make_due()
        queue.run_once(copies=2)
        if over(ada, deployments):
            break
        time.sleep(0.05)
    queue.run_to_the_end(copies=2)
    assert over(ada, deployments)
    assert all(happened_once(ada, one["id"]) for one in deployments)


def test_every_message_lost(
    ada: Client, supervised: Supervised, queue: Queue, clock: Traveller
) -> None:
    """Nothing is ever delivered but what the sweep has sent."""
    caller = ada.key("admin")
    deployment = deploy(ada, supervised, 9)
    for _ in range(100):
        queue.receive()
        clock.shift(61)
        sweep.sweep()
        queue.run_once()
        if over(caller, [deployment]):
            break
        time.sleep(0.05)
    assert over(caller, [deployment])
    assert happened_once(caller, deployment["id"])
