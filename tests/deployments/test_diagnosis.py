"""What is told of a deployment in each of its states, with the simulated engine."""

from typing import Any

import pytest
from time_machine import Traveller

from chalicelib.deployments import rollout, states
from chalicelib.engines.base import LogPage
from chalicelib.engines.simulated import SimulatedEngine
from chalicelib.services.store import Service
from tests.client import Client, Queue, make_due
from tests.deployments.test_rollout import deploy, service_of, status

CRASH = """2026-11-21T11:00:01Z ==> python app.py
2026-11-21T11:00:02Z ModuleNotFoundError: No module named 'flask'
2026-11-21T11:00:02Z ==> Failed: The app ended with exit code 1. Its last output:
2026-11-21T11:00:02Z ==> ModuleNotFoundError: No module named 'flask'
"""


def diagnose(ada: Client, deployment: str) -> Any:
    reply = ada.get(f"/v1/deployments/{deployment}/diagnose")
    assert reply.status == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    ("branch", "cause", "phase"),
    [
        ("fail-build", "failed_command", "build"),
        ("fail-health", "health_check_failed", "health_check"),
    ],
)
def test_failed(ada: Client, queue: Queue, branch: str, cause: str, phase: str) -> None:
    deployment = deploy(ada, branch)
    queue.run_to_the_end()
    told = diagnose(ada, deployment)
    assert told["deployment_id"] == deployment
    assert (told["status"], told["cause"], told["phase"]) == ("failed", cause, phase)
    assert told["summary"]
    assert told["suggestions"]


def test_on_the_public_surface(ada: Client, queue: Queue) -> None:
    deployment = deploy(ada)
    path = f"/api/web-services/{service_of(ada, deployment)}/deployments/{deployment}"
    assert ada.get(f"{path}/diagnose").json()["status"] == "pending"
    ada.post(f"{path}/cancel")
    told = ada.get(f"{path}/diagnose").json()
    assert (told["status"], told["cause"]) == ("cancelled", "canceled")
    assert told["deployment_id"] == ada.get(path).json()["id"]


def test_under_way(ada: Client, queue: Queue, clock: Traveller) -> None:
    deployment = deploy(ada)
    for expected in ("waits for its turn", "clones the branch", "builds", "starts the app"):
        clock.shift(7)
        told = diagnose(ada, deployment)
        assert expected in told["summary"]
        assert int(told["summary"].partition(", for ")[2].split()[0]) >= 7
        assert (told["cause"], told["phase"], told["suggestions"]) == (None, None, [])
        _step(ada, queue, deployment)


def _step(ada: Client, queue: Queue, deployment: str) -> None:
    path = f"/api/web-services/{service_of(ada, deployment)}/deployments/{deployment}"
    before = ada.get(path).json()["status"]
    while ada.get(path).json()["status"] == before:
        make_due()
        assert queue.run_once()


def test_live_and_superseded(ada: Client, queue: Queue) -> None:
    first = deploy(ada)
    queue.run_to_the_end()
    assert diagnose(ada, first)["summary"] == "It is live; nothing is wrong."
    ada.post(f"/api/web-services/{service_of(ada, first)}/deployments", {})
    queue.run_to_the_end()
    assert "newer deployment took its place" in diagnose(ada, first)["summary"]


def test_the_live_one_of_a_stopped_service(ada: Client, queue: Queue) -> None:
    deployment = deploy(ada)
    queue.run_to_the_end()
    ada.post(f"/api/web-services/{service_of(ada, deployment)}/stop")
    assert "state stopping" in diagnose(ada, deployment)["summary"]
    queue.run_to_the_end()
    told = diagnose(ada, deployment)
    assert "its service is stopped" in told["summary"]
    assert told["suggestions"] == ["Start the service."]


def test_overtaken(ada: Client, queue: Queue) -> None:
    first = deploy(ada)
    ada.post(f"/api/web-services/{service_of(ada, first)}/deployments", {})
    queue.run_to_the_end()
    told = diagnose(ada, first)
    assert (told["cause"], told["phase"]) == ("overtaken", None)
    assert told["summary"] == f"{rollout.OVERTAKEN}."


def test_a_live_one_whose_service_has_failed(
    ada: Client, queue: Queue, engine: SimulatedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(ada)
    queue.run_to_the_end()
    (service,) = Service.scan(Service.live_release_id.exists())
    states.note(service.tenant, service.id, service.live_release_id, "failed")
    assert diagnose(ada, deployment)["cause"] == "unknown"
    monkeypatch.setattr(engine, "logs", lambda *_: LogPage(CRASH, None))
    told = diagnose(ada, deployment)
    assert (told["status"], told["cause"]) == ("live", "missing_module")
    assert told["evidence"] == ["ModuleNotFoundError: No module named 'flask'"]
    assert status(ada, deployment) == "live"
