"""Secrets of projects: how they are made, changed, masked and deleted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import Client, Reply
from tests.configuration import URL, Configured, new_service

MASK = "********"
SENT = {
    "key": "STRIPE_SECRET_KEY",
    "value": "sk_live_...",
    "scope": "production",
    "is_secret": True,
}


def shown(api: Configured, secret: Any) -> str:
    return str(api.client.get(f"{api.secrets}/{secret['id']}/reveal").json()["value"])


def test_seed_001(api: Configured) -> None:
    made = api.client.post(api.secrets, SENT)
    assert made.status == 201
    one = made.json()
    assert one == {**one, **SENT, "value": MASK, "project_id": api.project_id}
    assert api.client.get(api.secrets).json() == {"secrets": [one], "total": 1}
    assert api.client.get(f"{api.secrets}/{one['id']}/reveal").json() == {
        **one,
        "value": "sk_live_...",
    }
    changed = api.client.patch(f"{api.secrets}/{one['id']}", {"value": "new-value"})
    assert (changed.status, changed.json()["value"]) == (200, MASK)
    assert shown(api, one) == "new-value"
    some = [
        {"key": "API_SECRET", "value": "value1", "scope": "production"},
        {"key": "API_SECRET", "value": "value2", "scope": "staging"},
    ]
    many = api.client.put(f"{api.secrets}/bulk", {"secrets": some}).json()
    assert [(row["key"], row["scope"], row["value"]) for row in many["secrets"]] == [
        ("API_SECRET", "production", MASK),
        ("API_SECRET", "staging", MASK),
        ("STRIPE_SECRET_KEY", "production", MASK),
    ]
    assert shown(api, many["secrets"][1]) == "value2"
    assert api.client.delete(f"{api.secrets}/{one['id']}").status == 204
    assert api.client.get(f"{api.secrets}?scope=staging").json()["total"] == 1


def test_one_for_each_key_and_scope(api: Configured) -> None:
    api.client.post(api.secrets, SENT)
    assert api.client.post(api.secrets, SENT).status == 409
    assert api.client.post(api.secrets, {**SENT, "scope": "staging"}).status == 201


def test_get_then_put_changes_nothing(api: Configured) -> None:
    api.bind(api.secret("A", "1"))
    api.secret("A", "2", "staging")
    api.secret("OPEN", "3", is_secret=False)
    api.deploy()
    before = api.client.get(api.secrets).json()
    reply = api.client.put(f"{api.secrets}/bulk", before)
    assert (reply.status, reply.json()) == (200, before)
    assert shown(api, before["secrets"][0]) == "1"
    assert not api.is_pending


@pytest.mark.parametrize("body", [{"is_secret": False}, {"is_secret": False, "value": MASK}])
def test_a_secret_is_not_shown_by_a_change(api: Configured, body: dict[str, Any]) -> None:
    one = api.secret("A", "hunter2")
    item = {"key": "A", "scope": "production", **body}
    assert api.client.patch(f"{api.secrets}/{one['id']}", body).status == 400
    assert api.client.put(f"{api.secrets}/bulk", {"secrets": [item]}).status == 400
    assert api.client.get(api.secrets).json()["secrets"] == [one]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"key": "a b"}, "key"),
        ({"scope": "test"}, "scope"),
        ({"value": MASK}, "value"),
        ({"value": "\ud800"}, "JSON"),
        ({"value": "x" * (128 * 1024)}, "128 KiB"),
    ],
)
def test_bad_secrets(api: Configured, change: dict[str, Any], named: str) -> None:
    api.secret("KEPT", "1")
    refused = api.client.post(api.secrets, {**SENT, **change})
    assert refused.status == 400
    assert named in refused.json()["detail"]
    assert api.client.put(f"{api.secrets}/bulk", {"secrets": [{**SENT, **change}]}).status == 400
    assert api.client.get(api.secrets).json()["total"] == 1


def test_too_many(api: Configured) -> None:
    rows = [{**SENT, "key": f"K{number}", "value": ""} for number in range(300)]
    assert api.client.put(f"{api.secrets}/bulk", {"secrets": rows}).json()["total"] == 300
    refused = api.client.post(api.secrets, SENT)
    assert refused.status == 400
    assert "300" in refused.json()["detail"]


def test_one_in_use_stays_unless_it_is_forced(api: Configured) -> None:
    other = new_service(api.client, api.project_id, name="stage", environment="staging")
    stage = Configured(api.client, api.queue, api.project_id, other)
    prod, staging = api.secret("K", "prod"), api.secret("K", "stage", "staging")
    stage.bind(prod)
    assert api.client.delete(f"{api.secrets}/{prod['id']}").status == 204  # it takes the other
    prod = api.secret("K", "prod")
    refused = api.client.delete(f"{api.secrets}/{staging['id']}")
    assert refused.status == 409
    assert "stage" in refused.json()["detail"]
    assert api.client.delete(f"{api.secrets}/{staging['id']}?force=true").status == 204
    assert stage.resolved()["K"]["value"] == "prod"
    api.bind(prod)
    refused = api.client.delete(f"{api.secrets}/{prod['id']}")
    assert "api, stage" in refused.json()["detail"]


def test_twenty_at_once(api: Configured) -> None:
    def add(number: int) -> Reply:
        return api.client.post(api.secrets, {**SENT, "key": f"K{number}"})

    with ThreadPoolExecutor(20) as pool:
        assert {reply.status for reply in pool.map(add, range(20))} == {201}
    assert api.client.get(api.secrets).json()["total"] == 20


def test_a_deleted_project_takes_its_secrets_along(api: Configured) -> None:
    from chalicelib.project_secrets.store import _Document
    from chalicelib.variables.store import Document

    api.secret("A", "1")
    api.set("A", "1")
    assert api.client.delete(f"/v1/projects/{api.project_id}").status == 200
    api.queue.run_to_the_end()
    kinds = (Document, _Document)
    left = [row for kind in kinds for row in kind.scan() if row.pk.endswith(f"#{kind.KIND}")]
    assert left == []
    assert api.client.post(api.secrets, SENT).status == 404


def test_another_tenants(api: Configured, bob: Client) -> None:
    secret = api.secret("A", "1")
    stranger = Configured.make(bob, api.queue, "strange", git_repository_url=URL)
    for path in (f"{api.secrets}/{secret['id']}", f"{stranger.secrets}/{secret['id']}"):
        assert bob.get(f"{path}/reveal").status == 404
        assert bob.patch(path, {"value": "x"}).status == 404
        assert bob.delete(f"{path}?force=true").status == 404
    assert shown(api, secret) == "1"
