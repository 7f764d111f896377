"""What is told, and to whom."""

from typing import Any

from chalicelib import engines
from chalicelib.engines.simulated import SimulatedEngine
from tests.client import Client, Queue
from tests.webhooks.conftest import log, new
from tests.webhooks.receiver import Receiver


def test_a_project_is_told_of(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    project = ada.post("/v1/projects", {"name": "Café ☕ <b>", "region": "eu-west-1"}).json()
    queue.run_to_the_end()
    [received] = receiver.received
    assert received.path == "/hook?a=1"
    assert received.json()["event"] == "project.created"
    assert received.json()["data"] == {
        "project_id": project["id"],
        "id": project["id"],
        "name": "Café ☕ <b>",
        "status": "active",
        "region": "eu-west-1",
    }
    assert "Café ☕".encode() in received.body
    assert received.headers["X-Orbitra-Event"] == "project.created"
    [told] = log(ada, webhook)
    assert told["status"] == "delivered"
    assert told["id"] == received.headers["X-Orbitra-Delivery"]
    assert told["event_id"] == received.headers["webhook-id"]
    assert told["request"]["body"].encode() == received.body
    assert told["request"]["headers"]["X-Orbitra-Signature"]
    [attempt] = told["attempts"]
    assert (attempt["status_code"], attempt["response"], attempt["error"]) == (200, "ok", None)


class Addressed(SimulatedEngine):
    """An engine that gives each service a URL."""

    def switch(self, service_id: str, release_id: str, host: str) -> str:
        super().switch(service_id, release_id, host)
        return "https://abc.example.com"


def test_the_url_that_an_engine_gives_is_told(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    engines.use(Addressed())
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    ada.post(f"/v1/projects/{project}/deployments", {"git_url": "http://127.0.0.1/repo.git"})
    queue.run_to_the_end()
    told = {one.json()["event"]: one.json()["data"].get("url") for one in receiver.received}
    assert told == {
        "project.created": None,
        "service.created": "http://app.localhost:8080",
        "deployment.created": "http://app.localhost:8080",
        "deployment.succeeded": "https://abc.example.com",
        "service.started": "https://abc.example.com",
    }


def test_the_life_of_a_service_is_told(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    body = {"git_url": "http://127.0.0.1/repo.git"}
    deployment = ada.post(f"/v1/projects/{project}/deployments", body).json()
    queue.run_to_the_end()
    path = f"/api/web-services/{deployment['service_id']}"
    for action in ("stop", "start", "restart"):
        reply = ada.post(f"{path}/{action}")
        assert reply.status == 200, reply.text
        queue.run_to_the_end()
    ada.delete(f"/v1/projects/{project}")
    queue.run_to_the_end()
    events = [one.json()["event"] for one in receiver.received]
    assert sorted(events) == sorted(
        [
            "project.created",
            "service.created",
            "deployment.created",
            "deployment.succeeded",
            "service.started",
            "service.stopped",
            "service.started",
            "project.deleted",
            "service.deleted",
        ]
    )
    told = next(one for one in receiver.received if "succeeded" in one.json()["event"])
    data = told.json()["data"]
    assert data["deployment_id"] == data["id"] == deployment["id"]
    assert (data["status"], data["name"]) == ("live", "app")
    assert isinstance(data["duration_ms"], int)


def test_failed_and_canceled_deployments_are_told(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    body = {"git_url": "http://127.0.0.1/repo.git", "branch": "fail-build"}
    ada.post(f"/v1/projects/{project}/deployments", body)
    queue.run_to_the_end()
    second = ada.post(f"/v1/projects/{project}/deployments", {**body, "branch": "main"}).json()
    ada.post(f"/v1/deployments/{second['id']}/cancel")
    queue.run_to_the_end()
    said = {one.json()["event"]: one.json()["data"] for one in receiver.received}
    assert said["deployment.failed"]["error_message"]
    assert said["deployment.canceled"]["id"] == second["id"]


def test_only_what_it_listens_to(ada: Client, queue: Queue, receiver: Receiver) -> None:
    new(ada, receiver.url, "project.deleted", "deployment.failed")
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    ada.delete(f"/v1/projects/{project}")
    queue.run_to_the_end()
    assert [one.json()["event"] for one in receiver.received] == ["project.deleted"]


def test_once_to_a_webhook_that_names_it_twice(
    ada: Client, queue: Queue, receiver: Receiver
) -> None:
    new(ada, receiver.url, "*", "project.created", "project.created")
    ada.post("/v1/projects", {"name": "app"})
    queue.run_to_the_end()
    assert [one.json()["event"] for one in receiver.received] == ["project.created"]


def test_a_repositorys_password_is_not_told(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    body = {"git_url": "http://ada:s3cr3t@127.0.0.1/repo.git", "branch": "fail-build"}
    assert ada.post(f"/v1/projects/{project}/deployments", body).status == 201
    queue.run_to_the_end()
    said = {one.json()["event"]: one for one in receiver.received}
    assert said["deployment.failed"].json()["data"]["git_url"] == "http://127.0.0.1/repo.git"
    assert not any(b"s3cr3t" in one.body for one in receiver.received)
