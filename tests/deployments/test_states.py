"""What a service shows when a roll-out came to nothing: what its live release does."""

import pytest

from chalicelib.deployments import states
from chalicelib.services.store import Service
from tests.client import Client, Queue

NEW = {"name": "api", "git_repository_url": "http://127.0.0.1/repo.git"}


@pytest.fixture
def path(ada: Client, queue: Queue) -> str:
    """A service that was deployed."""
    made = ada.post("/api/web-services", NEW).json()
    path = f"/api/web-services/{made['id']}"
    ada.post(path + "/deployments", {})
    queue.run_to_the_end()
    return path


def status(client: Client, path: str) -> str:
    return str(client.get(path).json()["status"])


def tell(state: str) -> None:
    """Say it as the engine does."""
    [service] = Service.scan(Service.live_release_id.exists())
    states.note(service.tenant, service.id, service.live_release_id, state)


@pytest.mark.parametrize("state", ["sleeping", "failed", "running"])
def test_after_a_failure_it_shows_what_its_release_does(
    ada: Client, path: str, queue: Queue, state: str
) -> None:
    tell(state)
    assert status(ada, path) == state
    ada.post(path + "/deployments", {"branch": "fail-build"})
    queue.run_to_the_end()
    assert status(ada, path) == state


def test_what_happens_meanwhile_is_kept_in_mind(ada: Client, path: str, queue: Queue) -> None:
    made = ada.post(path + "/deployments", {}).json()["id"]
    queue.run_once()
    assert status(ada, path) == "deploying"
    tell("sleeping")
    assert status(ada, path) == "deploying"
    ada.post(f"{path}/deployments/{made}/cancel")
    queue.run_to_the_end()
    assert status(ada, path) == "sleeping"
    ada.post(path + "/restart")
    queue.run_to_the_end()
    assert status(ada, path) == "running"


def test_a_stopped_one_stays_stopped(ada: Client, path: str, queue: Queue) -> None:
    ada.post(path + "/stop")
    queue.run_to_the_end()
    ada.post(path + "/deployments", {"branch": "fail-build"})
    queue.run_to_the_end()
    assert status(ada, path) == "stopped"


def test_one_that_never_served_has_failed(ada: Client, queue: Queue) -> None:
    made = ada.post("/api/web-services", NEW).json()["id"]
    ada.post(f"/api/web-services/{made}/deployments", {"branch": "fail-build"})
    queue.run_to_the_end()
    assert status(ada, f"/api/web-services/{made}") == "failed"
