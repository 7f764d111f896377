"""A secret's value is in the answers that reveal it and in the process, and nowhere else."""

import json
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.http.surfaces import all_routes
from chalicelib.variables.store import Document
from tests.client import Client, Queue, make_client
from tests.configuration import URL, Configured
from tests.contract.world import everything_stored, lift_limits

CANARY = "canary-4f1d-ü-hunter2"
SPELLINGS = ["true", "True", "1", "yes", "on", "t", "y", "TRUE"]

make_client()  # declares the routes
READS = [route for route in all_routes() if route.method == "GET" and route.scope]


@pytest.fixture
def told(ada: Client, queue: Queue) -> Configured:
    """A service with the canary in every field that takes a secret, and a webhook for all."""
    ada.post("/v1/webhooks", {"url": "http://127.0.0.1:1/hook", "events": ["*"]})
    secret = {"value": CANARY, "is_secret": True}
    api = Configured.make(ada, queue, env_vars=[{"key": "FIRST", **secret}])
    ada.post(api.env, {"key": "POSTED", **secret}, Idempotency_Key="once")
    ada.post(api.env, {"key": "POSTED", **secret}, Idempotency_Key="once")
    ada.put(f"{api.env}/bulk", {"variables": [*api.variables(), {"key": "PUT", **secret}]})
    ada.patch(f"{api.env}/bulk", {"variables": [{"key": "PATCHED", **secret}]})
    bound = api.secret("SECRET", CANARY)
    row = {"key": "SECRET", "value": CANARY, "scope": "staging"}
    ada.put(f"{api.secrets}/bulk", {"secrets": [row]})
    ada.patch(f"{api.secrets}/{bound['id']}", {"value": CANARY})
    api.bind(bound, "ALIAS")
    api.bind(bound, "POSTED")
    project = ada.post("/v1/projects", {"name": "shop"}).json()["id"]
    body = {"git_url": URL, "environment": {"MAP": CANARY}}
    assert ada.post(f"/v1/projects/{project}/deployments", body).status == 201
    return api


def stored() -> str:
    """All items, binary values too, as text."""
    return repr(everything_stored()) + str(everything_stored())


def spellings() -> list[str]:
    """How the canary would look in JSON, in a repr and in bytes."""
    return [CANARY, json.dumps(CANARY)[1:-1], repr(CANARY.encode())[2:-1], "hunter2"]


def assert_absent(text: str) -> None:
    assert [one for one in spellings() if one in text] == []


def test_nowhere_but_revealed(told: Configured, caplog: pytest.LogCaptureFixture) -> None:
    messages = json.dumps(told.queue.receive())
    assert_absent(messages)
    first = told.deploy()
    told.client.post(f"{told.path}/deploy", {"branch": "fail-health"})
    told.queue.run_to_the_end()
    told.restart()
    told.client.post(f"{told.path}/deployments/{first}/rollback?dry_run=true")
    assert_absent(stored())
    assert_absent(caplog.text)
    assert_absent(told.client.get("/openapi.json").text)
    assert set(told.values().values()) == {CANARY}
    assert {row["value"] for row in told.resolved().values()} == {CANARY}
    assert_absent(stored())


def test_no_read_of_a_write_key(told: Configured) -> None:
    lift_limits(told.client)
    first = told.deploy()
    writer = told.client.key("write")
    variable, binding = told.variables()[0]["id"], told.bind(told.secret("X", CANARY))["id"]
    known = {
        "project_id": told.project_id,
        "web_service_id": told.service_id,
        "deployment_id": first,
        "var_id": variable,
        "binding_id": binding,
        "secret_id": told.client.get(told.secrets).json()["secrets"][0]["id"],
    }
    for route in READS:
        path = route.path
        for name in route.resources:
            source = route.resources[name].name
            path = path.replace(f"{{{source}}}", known.get(source, "none"))
        spellings = SPELLINGS if route.reveal_flag else SPELLINGS[:1]
        asked = [("HEAD", path), ("GET", path)]
        for method, target in (*asked, *(("GET", f"{path}?reveal={one}") for one in spellings)):
            reply = writer.call(method, target)
            assert reply.status != 429
            assert_absent(reply.text)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_reveal_in_every_spelling(told: Configured, spelling: str) -> None:
    path = f"{told.bindings}/resolved?reveal={spelling}"
    for scope in ("read", "write"):
        assert told.client.key(scope).get(path).status == 403
    assert CANARY in told.client.get(path).text
    reveals = [entry for entry in log(told) if entry["action"] == "get_resolved_variables"]
    assert [entry["is_refused"] for entry in reveals] == [False, True, True]


def test_without_reveal(told: Configured) -> None:
    for query in ("", "?reveal=false", "?reveal=0"):
        reply = told.client.key("read").get(f"{told.bindings}/resolved{query}")
        assert reply.status == 200
        assert_absent(reply.text)
    assert told.client.get(f"{told.bindings}/resolved?reveal=maybe").status == 400


def test_the_audit_log_names_keys(told: Configured) -> None:
    one = told.variables()[0]
    writer = told.client.key("write")
    assert writer.get(f"{told.env}/reveal-all").status == 403
    told.client.get(f"{told.env}/{one['id']}/reveal")
    entries = log(told)
    assert [(e["action"], e["is_refused"]) for e in entries[:2]] == [
        ("reveal_variable", False),
        ("reveal_variables", True),
    ]
    assert entries[1]["api_key_id"]
    changed = [entry["changed"] for entry in entries if entry["changed"]]
    assert {"added": ["PATCHED"], "changed": [], "removed": []} in changed
    assert {"added": ["SECRET (staging)"], "changed": [], "removed": []} in changed
    assert {"added": ["ALIAS"], "changed": [], "removed": []} in changed
    assert_absent(json.dumps(entries, ensure_ascii=False))


def test_what_was_secret_is_masked_in_a_plan_of_a_rollback(told: Configured) -> None:
    first = told.deploy()
    told.client.put(f"{told.env}/bulk", {"variables": []})
    told.deploy()
    path = f"{told.path}/deployments/{first}/rollback?dry_run=true"
    plan = told.client.key("write").post(path)
    assert plan.status == 200
    assert_absent(plan.text)
    assert {one["is_secret"] for one in plan.json()["variables"]} == {True}


def test_a_document_of_another_service_does_not_open(told: Configured) -> None:
    """Whoever may write to the table cannot let a service's variables be shown as another's."""
    other = Configured.make(told.client, told.queue, "other")
    other.set("A", "1")
    source, target = document(told), document(other)
    target.update([Document.sealed.set(source.sealed)])
    revealed = other.client.get(f"{other.env}/reveal-all")
    assert revealed.status == 500
    assert_absent(revealed.text)


def document(api: Configured) -> Document:
    wanted = ids.parse("svc", api.service_id)
    [found] = [row for row in Document.scan() if row.sk == wanted and row.pk.endswith("#var")]
    return found


def log(api: Configured) -> list[Any]:
    rows: list[Any] = api.client.get("/v1/audit-log?limit=100").json()["data"]
    return rows
