"""Rollbacks bring the configuration back, and say beforehand what they would change."""

from typing import Any

import pytest

from chalicelib.engines.simulated import SimulatedEngine
from tests.client import Client, Queue

NEW = {"name": "api", "git_repository_url": "http://127.0.0.1/repo.git"}
FIRST = {"A": "1", "B": "1", "C": "1", "SAME": "x", "KEY": "old-key"}


@pytest.fixture
def path(ada: Client, queue: Queue) -> str:
    """A service with a variable of each kind, deployed twice."""
    made = ada.post("/api/web-services", NEW).json()
    path = f"/api/web-services/{made['id']}"
    secret = {"key": "KEY", "value": "old-key", "scope": "production"}
    secrets = f"/api/projects/{made['project_id']}/secrets"
    bound = ada.post(secrets, secret).json()["id"]
    ada.post(path + "/secret-bindings", {"project_secret_id": bound})
    own = [{"key": key, "value": value} for key, value in FIRST.items() if key != "KEY"]
    put(ada, path, own)
    deploy(ada, path, queue)
    put(ada, path, [{"key": "A", "value": "2"}, {"key": "C", "value": "1", "is_secret": True}])
    ada.patch(path + "/env/bulk", {"variables": [{"key": "D", "value": "1"}, own[3]]})
    ada.patch(f"{secrets}/{bound}", {"value": "new-key"})
    ada.patch(path, {"start_command": "node server.js"})
    deploy(ada, path, queue)
    return path


def put(client: Client, path: str, variables: list[dict[str, Any]]) -> None:
    reply = client.put(path + "/env/bulk", {"variables": variables})
    assert reply.status == 200, reply.text


def deploy(client: Client, path: str, queue: Queue) -> None:
    assert client.post(path + "/deployments", {}).status == 201
    queue.run_to_the_end()


def deployments(client: Client, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(path + "/deployments").json()["deployments"]
    return rows


def test_the_dry_run_names_what_changes(ada: Client, path: str, queue: Queue) -> None:
    second, first = deployments(ada, path)
    reply = ada.post(f"{path}/deployments/{first['id']}/rollback?dry_run=true")
    assert reply.status == 200, reply.text
    plan = reply.json()
    assert plan["before"]["deployment_id"] == second["id"]
    assert plan["after"]["deployment_id"] == first["id"]
    assert plan["code_changes"] is True
    assert plan["settings"] == [
        {"name": "start_command", "before": "node server.js", "after": None}
    ]
    named = {one["key"]: (one["change"], one["before"], one["after"]) for one in plan["variables"]}
    assert named == {
        "A": ("changed", "2", "1"),
        "B": ("added", None, "1"),
        "D": ("removed", "1", None),
        "KEY": ("changed", "********", "********"),
    }
    assert "-key" not in reply.text
    assert len(deployments(ada, path)) == 2
    assert queue.run_once() == 0
    assert ada.get("/v1/audit-log").json()["data"][0]["action"] != "rollback_service"


def test_on_the_platform_too(ada: Client, path: str) -> None:
    from chalicelib import ids

    first = ids.parse("dep", deployments(ada, path)[1]["id"])
    plan = ada.post(f"/v1/deployments/{first}/rollback?dry_run=true").json()
    assert plan["after"]["deployment_id"] == first
    assert ada.post(f"/v1/deployments/{first}/rollback?dry_run=maybe").status == 400


def test_everything_is_brought_back(
    ada: Client, path: str, queue: Queue, engine: SimulatedEngine
) -> None:
    _, first = deployments(ada, path)
    made = ada.post(f"{path}/deployments/{first['id']}/rollback")
    assert made.status == 201, made.text
    queue.run_to_the_end()
    assert ada.get(path).json()["live_deployment_id"] == made.json()["id"]
    assert engine.environments[engine.started[-1]] == FIRST
    assert ada.get(path).json()["config_pending"] is True
    plan = ada.post(f"{path}/deployments/{first['id']}/rollback?dry_run=true").json()
    assert (plan["settings"], plan["variables"]) == ([], [])
    assert plan["code_changes"] is False


def test_what_never_served_is_no_way_back(ada: Client, path: str, queue: Queue) -> None:
    failed = ada.post(path + "/deployments", {"branch": "fail-build"}).json()["id"]
    queue.run_to_the_end()
    for query in ("", "?dry_run=true"):
        assert ada.post(f"{path}/deployments/{failed}/rollback{query}").status == 409


def test_of_a_stopped_service(ada: Client, path: str, queue: Queue) -> None:
    ada.post(path + "/stop")
    queue.run_to_the_end()
    second, _ = deployments(ada, path)
    plan = ada.post(f"{path}/deployments/{second['id']}/rollback?dry_run=true").json()
    assert {one["change"] for one in plan["variables"]} == {"added"}
