"""The machine of a deployment, step by step, with the simulated engine."""

import time

import pytest
from time_machine import Traveller

from chalicelib import engines, ids
from chalicelib.deployments.rollout import GAVE_UP
from chalicelib.engines.base import EngineUnavailable, Progress, Release, Stage
from chalicelib.engines.simulated import SimulatedEngine
from chalicelib.jobs import Job, sweep
from tests.client import Client, Queue, make_due

URL = "http://127.0.0.1:1/user/repo.git"


def deploy(ada: Client, branch: str = "main", name: str = "shop") -> str:
    project = ada.post("/v1/projects", {"name": name}).json()["id"]
    body = {"git_url": URL, "branch": branch, "environment": {"A": "1"}}
    made = ada.post(f"/v1/projects/{project}/deployments", body)
    assert made.status == 201, made.text
    return str(made.json()["id"])


def service_of(ada: Client, deployment: str) -> str:
    return str(ada.get(f"/v1/deployments/{deployment}").json()["service_id"])


def status(ada: Client, deployment: str) -> str:
    return str(ada.get(f"/v1/deployments/{deployment}").json()["status"])


def service_status(ada: Client, deployment: str) -> str:
    path = f"/api/web-services/{service_of(ada, deployment)}"
    return str(ada.get(path).json()["status"])


def test_live(ada: Client, queue: Queue, engine: SimulatedEngine) -> None:
    deployment = deploy(ada)
    assert status(ada, deployment) == "building"
    queue.run_to_the_end()
    shown = ada.get(f"/v1/deployments/{deployment}").json()
    assert shown["status"] == "live"
    assert shown["finished_at"]
    assert service_status(ada, deployment) == "running"
    assert list(engine.serving.values()) == [f"{deployment}-1"]
    assert queue.dead() == []


def test_build_fails(ada: Client, queue: Queue) -> None:
    deployment = deploy(ada, "fail-build")
    queue.run_to_the_end()
    shown = ada.get(f"/v1/deployments/{deployment}").json()
    assert shown["status"] == "failed"
    assert "build" in shown["error_message"]
    assert service_status(ada, deployment) == "failed"


def test_a_failed_deployment_leaves_the_old_one_serving(
    ada: Client, queue: Queue, engine: SimulatedEngine
) -> None:
    first = deploy(ada)
    queue.run_to_the_end()
    service = service_of(ada, first)
    path = f"/api/web-services/{service}/deployments"
    second = ada.post(path, {"branch": "fail-health"}).json()["id"]
    queue.run_to_the_end()
    assert ada.get(f"{path}/{second}").json()["status"] == "failed"
    assert status(ada, first) == "live"
    assert engine.serving[service] == f"{first}-1"
    assert service_status(ada, first) == "running"


def test_the_old_one_is_superseded(ada: Client, queue: Queue) -> None:
    first = deploy(ada)
    queue.run_to_the_end()
    path = f"/api/web-services/{service_of(ada, first)}/deployments"
    second = ada.post(path, {}).json()["id"]
    queue.run_to_the_end()
    assert status(ada, first) == "superseded"
    assert ada.get(f"{path}/{first}").json()["status"] == "running"
    assert ada.get(f"{path}/{first}").json()["is_live"] is False
    assert ada.get(f"{path}/{second}").json()["is_live"] is True


def test_a_newer_one_overtakes_those_waiting(ada: Client, queue: Queue) -> None:
    first = deploy(ada)
    path = f"/api/web-services/{service_of(ada, first)}/deployments"
    second = ada.post(path, {}).json()["id"]
    queue.run_to_the_end()
    assert status(ada, first) == "canceled"
    assert ada.get(f"{path}/{second}").json()["is_live"] is True


def test_every_message_twice(ada: Client, queue: Queue, engine: SimulatedEngine) -> None:
    deployments = [deploy(ada, name=f"app {number}") for number in range(3)]
    queue.run_to_the_end(copies=2)
    assert {status(ada, one) for one in deployments} == {"live"}
    assert len(engine.serving) == 3
    assert engine.started == [f"{one}-1" for one in deployments]


def test_every_message_lost(
    ada: Client, queue: Queue, engine: SimulatedEngine, clock: Traveller
) -> None:
    deployment = deploy(ada)
    for _ in range(40):
        queue.receive()
        clock.shift(61)
        sweep.sweep()
        queue.run_once()
        if status(ada, deployment) == "live":
            break
    assert status(ada, deployment) == "live"
    assert engine.started == [f"{deployment}-1"]


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4])
def test_cancel_at_any_step(ada: Client, queue: Queue, engine: SimulatedEngine, steps: int) -> None:
    deployment = deploy(ada)
    for _ in range(steps):
        queue.run_once()
    canceled = ada.post(f"/v1/deployments/{deployment}/cancel")
    assert (canceled.status, canceled.json()["status"]) == (200, "canceled")
    assert ada.post(f"/v1/deployments/{deployment}/cancel").status == 200
    queue.run_to_the_end()
    assert status(ada, deployment) == "canceled"
    assert engine.serving == {}
    path = f"/api/web-services/{service_of(ada, deployment)}/deployments"
    after = ada.post(path, {}).json()["id"]
    queue.run_to_the_end()
    assert ada.get(f"{path}/{after}").json()["is_live"] is True


def test_cancel_of_an_ended_one(ada: Client, queue: Queue) -> None:
    deployment = deploy(ada)
    queue.run_to_the_end()
    assert ada.post(f"/v1/deployments/{deployment}/cancel").status == 409


def test_rollback_brings_code_and_configuration_back(
    ada: Client, queue: Queue, engine: SimulatedEngine
) -> None:
    first = deploy(ada)
    queue.run_to_the_end()
    project = ada.get(f"/v1/deployments/{first}").json()["project_id"]
    body = {"git_url": URL, "branch": "next", "environment": {"A": "2"}}
    second = ada.post(f"/v1/projects/{project}/deployments", body).json()["id"]
    queue.run_to_the_end()
    assert engine.environments[f"{second}-1"]["A"] == "2"
    back = ada.post(f"/v1/deployments/{first}/rollback")
    assert back.status == 201
    assert back.json()["rollback_from_deployment_id"] == first
    assert back.json()["branch"] == "main"
    queue.run_to_the_end()
    third = back.json()["id"]
    assert status(ada, third) == "live"
    assert engine.environments[f"{third}-1"]["A"] == "1"
    assert third not in engine.branches


def test_rollback_to_a_failed_one(ada: Client, queue: Queue) -> None:
    deployment = deploy(ada, "fail-build")
    queue.run_to_the_end()
    assert ada.post(f"/v1/deployments/{deployment}/rollback").status == 409


def test_stop_start_restart(ada: Client, queue: Queue, engine: SimulatedEngine) -> None:
    deployment = deploy(ada)
    queue.run_to_the_end()
    path = f"/api/web-services/{service_of(ada, deployment)}"
    assert ada.post(f"{path}/stop").json()["status"] == "stopping"
    queue.run_to_the_end()
    assert ada.get(path).json()["status"] == "stopped"
    assert engine.serving == {}
    assert ada.post(f"{path}/restart").status == 409
    assert ada.post(f"{path}/start").json()["status"] == "starting"
    queue.run_to_the_end()
    assert ada.get(path).json()["status"] == "running"
    assert ada.post(f"{path}/restart").json()["status"] == "restarting"
    queue.run_to_the_end()
    assert ada.get(path).json()["status"] == "running"
    assert list(engine.serving.values()) == [f"{deployment}-3"]


class Slow(SimulatedEngine):
    """An engine whose starts go on and on."""

    def start(self, release: Release) -> Progress:
        del release
        return Progress(Stage.STARTING)


def test_a_start_is_looked_at_often_at_first(ada: Client, queue: Queue, clock: Traveller) -> None:
    engines.use(Slow())
    deployment = deploy(ada)
    while status(ada, deployment) != "deploying":
        make_due()
        queue.run_once()
    assert pause(queue) == pause(queue) == 1
    clock.shift(16)
    assert pause(queue) == 5


def pause(queue: Queue) -> int:
    """In how many seconds the one job looks again once it has looked now."""
    make_due()
    queue.run_once()
    [job] = Job.scan(Job.shard.exists())
    return round((job.run_at - time.time() * 1000) / 1000)


def test_deleting_a_project_takes_all_with_it(
    ada: Client, queue: Queue, engine: SimulatedEngine
) -> None:
    deployment = deploy(ada)
    queue.run_to_the_end()
    shown = ada.get(f"/v1/deployments/{deployment}").json()
    assert ada.delete(f"/v1/projects/{shown['project_id']}").status == 200
    queue.run_to_the_end()
    assert ada.get(f"/v1/deployments/{deployment}").status == 404
    assert ada.get(f"/api/web-services/{shown['service_id']}").status == 404
    assert ada.get("/api/web-services").json() == {"web_services": [], "total": 0}
    assert engine.serving == {}
    again = deploy(ada)
    assert ada.get(f"/v1/deployments/{again}").json()["url"] == "http://shop.localhost:8080"


def test_deleting_a_service_while_it_deploys(
    ada: Client, queue: Queue, engine: SimulatedEngine
) -> None:
    deployment = deploy(ada)
    queue.run_once()
    queue.run_once()
    service = service_of(ada, deployment)
    assert ada.delete(f"/api/web-services/{service}").status == 204
    queue.run_to_the_end()
    assert ada.get(f"/api/web-services/{service}").status == 404
    assert ada.get(f"/v1/deployments/{deployment}").status == 404
    assert engine.serving == {}
    assert queue.dead() == []


def test_a_project_whose_service_was_deleted_gets_a_new_one(
    ada: Client, queue: Queue, engine: SimulatedEngine
) -> None:
    first = ada.get(f"/v1/deployments/{deploy(ada)}").json()
    queue.run_to_the_end()
    assert ada.delete(f"/api/web-services/{first['service_id']}").status == 204
    queue.run_to_the_end()
    path = f"/v1/projects/{first['project_id']}/deployments"
    second = ada.post(path, {"git_url": URL})
    assert second.status == 201, second.text
    queue.run_to_the_end()
    assert status(ada, second.json()["id"]) == "live"
    assert len(engine.serving) == 1


def test_a_project_with_a_service_of_its_name_is_deployed_beside_it(ada: Client) -> None:
    project = ada.post("/v1/projects", {"name": "Shop"}).json()["id"]
    named = {"project_id": str(ids.to_uuid(project)), "name": "shop"}
    assert ada.post("/api/web-services", named).status == 201
    made = ada.post(f"/v1/projects/{project}/deployments", {"git_url": URL})
    assert made.status == 201, made.text
    listed = ada.get(f"/api/web-services?project_id={named['project_id']}").json()
    names = {one["name"] for one in listed["web_services"]}
    assert len(names) == 2
    assert all(name.casefold().startswith("shop") for name in names)


def test_a_deployment_asked_for_after_a_stop_starts_the_service(
    ada: Client, queue: Queue, engine: SimulatedEngine
) -> None:
    first = deploy(ada)
    queue.run_to_the_end()
    path = f"/api/web-services/{service_of(ada, first)}"
    ada.post(f"{path}/stop")
    queue.run_to_the_end()
    ada.post(f"{path}/deployments", {})
    queue.run_to_the_end()
    assert ada.get(path).json()["status"] == "running"
    assert len(engine.serving) == 1


class Unwell(SimulatedEngine):
    """Switches, then says that it did not; and frees nothing when it is ``gone``."""

    def __init__(self) -> None:
        super().__init__()
        self.freed: set[str] = set()
        self.gone = False

    def switch(self, service_id: str, release_id: str, host: str) -> None:
        super().switch(service_id, release_id, host)
        if len(self.started) > 1:
            raise EngineUnavailable("no answer")

    def cancel(self, deployment_id: str) -> None:
        if self.gone:
            raise EngineUnavailable("no answer")
        self.freed.add(deployment_id)


@pytest.mark.parametrize("gone", [False, True])
def test_one_that_is_given_up_leaves_the_old_one_serving(
    ada: Client, queue: Queue, gone: bool
) -> None:
    engine = Unwell()
    engines.use(engine)
    first = deploy(ada)
    queue.run_to_the_end()
    engine.gone = gone
    path = f"/api/web-services/{service_of(ada, first)}"
    second = ada.post(f"{path}/deployments", {}).json()["id"]
    queue.run_to_the_end()
    given_up = ada.get(f"{path}/deployments/{second}").json()
    assert (given_up["status"], given_up["error_message"]) == ("failed", GAVE_UP)
    assert service_status(ada, first) == "running"
    assert len(engine.serving) == 1
    assert set(engine.serving.values()) == {engine.started[0]}
    assert len(engine.freed) == (0 if gone else 1)
