"""``config_pending`` says whether what serves lacks a change; what starts is what was resolved."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.engines.simulated import SimulatedEngine
from tests import faults
from tests.configuration import Configured


def runs(api: Configured, engine: SimulatedEngine) -> dict[str, str]:
    """The environment of what serves."""
    return engine.environments[engine.serving[ids.parse("svc", api.service_id)]]


def resolved(api: Configured) -> dict[str, str]:
    return {key: row["value"] for key, row in api.resolved().items()}


def test_each_change_waits_for_a_deploy_or_a_restart(
    api: Configured, engine: SimulatedEngine
) -> None:
    variable, secret = api.set("A", "1"), api.secret("K", "1")
    assert not api.is_pending  # nothing serves
    api.deploy()
    binding = api.bind(secret)
    for method, path, body in [
        ("PATCH", f"{api.env}/{variable['id']}", {"value": "2"}),
        ("POST", api.env, {"key": "B", "value": "1"}),
        ("DELETE", f"{api.env}/{variable['id']}", None),
        ("PATCH", f"{api.secrets}/{secret['id']}", {"value": "2"}),
        ("PATCH", api.path, {"environment": "staging"}),
        ("POST", api.secrets, {"key": "K", "value": "3", "scope": "staging"}),
        ("DELETE", f"{api.bindings}/{binding['id']}", None),
    ]:
        api.restart()
        assert not api.is_pending
        assert api.client.call(method, path, body).status < 300
        assert api.is_pending, path
        assert resolved(api) != runs(api, engine) or body == {"environment": "staging"}
    api.deploy()
    assert not api.is_pending
    assert resolved(api) == runs(api, engine)


def test_what_does_not_reach_it_is_no_change(api: Configured) -> None:
    secret = api.secret("K", "1")
    api.bind(secret)
    api.deploy()
    api.secret("K", "2", "staging")
    api.secret("OTHER", "1")
    api.client.patch(f"{api.secrets}/{secret['id']}", {"value": "1"})
    api.client.patch(api.path, {"name": "renamed"})
    assert not api.is_pending


@pytest.mark.parametrize("branch", ["fail-build", "fail-health"])
def test_a_failed_deployment_leaves_it_pending(api: Configured, branch: str) -> None:
    api.deploy()
    api.set("A", "1")
    api.deploy(branch)
    assert api.is_pending
    api.restart()
    assert not api.is_pending


def test_a_rollback(api: Configured, engine: SimulatedEngine) -> None:
    first = api.deploy()
    second = api.deploy()
    path = f"{api.path}/deployments/{first}/rollback"
    assert api.client.post(path).status == 201
    api.queue.run_to_the_end()
    assert not api.is_pending
    api.set("A", "1")
    third = api.deploy()
    api.client.post(f"{api.path}/deployments/{second}/rollback")
    api.queue.run_to_the_end()
    assert api.is_pending
    assert runs(api, engine) == {}
    api.client.post(f"{api.path}/deployments/{third}/rollback")
    api.queue.run_to_the_end()
    assert not api.is_pending


def test_the_same_project_deployed_again(api: Configured) -> None:
    project = api.client.post("/v1/projects", {"name": "shop"}).json()["id"]
    path = f"/v1/projects/{project}/deployments"
    body = {"git_url": "http://127.0.0.1:1/user/repo.git", "environment": {"A": "1"}}
    service = api.client.post(path, body).json()["service_id"]
    api.queue.run_to_the_end()
    same = {**body, "environment": {"A": "1"}}
    deployment = api.client.post(path, same).json()["id"]
    api.client.post(f"/v1/deployments/{deployment}/cancel")
    api.queue.run_to_the_end()
    one = Configured(api.client, api.queue, project, service)
    assert not one.is_pending
    deployment = api.client.post(path, {**body, "environment": {"A": "2"}}).json()["id"]
    api.client.post(f"/v1/deployments/{deployment}/cancel")
    api.queue.run_to_the_end()
    assert one.is_pending


@pytest.mark.parametrize("is_new", [True, False], ids=["bound", "moved"])
def test_a_secret_changes_while_a_service_comes_to_use_it(
    api: Configured, engine: SimulatedEngine, *, is_new: bool
) -> None:
    """Who uses the secret is looked up; then one more uses it, and is deployed."""
    api.client.patch(api.path, {"environment": "production"})
    secret = api.secret("K", "old", "staging")
    if not is_new:
        api.bind(secret)

    def meanwhile(exchange: faults.Exchange) -> Any:
        if is_new:
            api.bind(secret)
        api.client.patch(api.path, {"environment": "staging"})
        api.deploy()
        return exchange()

    with faults.fault(meanwhile, operation="TransactWriteItems"):
        changed = api.client.patch(f"{api.secrets}/{secret['id']}", {"value": "new"})
    assert changed.status == 200
    assert runs(api, engine) == {"K": "old"}
    assert api.is_pending


def test_deploys_and_changes_at_once(api: Configured, engine: SimulatedEngine) -> None:
    """Whatever comes first: it is pending, or what serves is what is resolved."""
    secret = api.secret("K", "0")
    api.bind(secret)
    for turn in range(1, 6):
        calls = [
            ("POST", f"{api.path}/deploy", {}),
            ("POST", api.env, {"key": f"A{turn}", "value": "x"}),
            ("PATCH", f"{api.secrets}/{secret['id']}", {"value": str(turn)}),
            ("POST", f"{api.path}/deploy", {}),
        ]
        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda one: api.client.call(*one), calls))
        assert {reply.status for reply in replies} <= {200, 201}
        api.queue.run_to_the_end()
        assert api.is_pending or runs(api, engine) == resolved(api)
    api.deploy()
    assert not api.is_pending
    assert runs(api, engine) == resolved(api)


@pytest.mark.parametrize(
    "change",
    [
        {"build_command": "make"},
        {"branch": "next"},
    ],
    ids=str,
)
def test_what_takes_a_build_waits_for_a_deploy(api: Configured, change: dict[str, str]) -> None:
    api.deploy()
    api.set("A", "1")
    assert api.client.patch(api.path, change).json()["config_pending"]
    for _ in range(2):
        api.restart()
        assert api.is_pending
    api.client.post(f"{api.path}/deploy", {})
    api.queue.run_to_the_end()
    assert not api.is_pending


def test_a_branch_that_was_deployed_once_is_not_pending(api: Configured) -> None:
    api.deploy("another")
    api.restart()
    assert not api.is_pending
