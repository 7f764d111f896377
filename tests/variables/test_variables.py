"""Variables: how they are made, changed, masked and replaced."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import faults
from tests.client import Reply
from tests.configuration import Configured

MASK = "********"


def test_seed_001(api: Configured) -> None:
    sent = {"key": "DATABASE_URL", "value": "postgres://...", "is_secret": True}
    made = api.client.post(api.env, sent)
    assert made.status == 201
    one = made.json()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", one["id"])
    assert one | sent == one | {"value": "postgres://..."}
    assert one["value"] == MASK
    assert api.client.get(api.env).json() == {"environment_variables": [one], "total": 1}
    shown = one | {"value": "postgres://..."}
    assert api.client.get(f"{api.env}/{one['id']}/reveal").json() == shown
    assert api.client.get(f"{api.env}/reveal-all").json() == {
        "environment_variables": [shown],
        "total": 1,
    }
    changed = api.client.patch(f"{api.env}/{one['id']}", {"value": "new-value"}).json()
    assert (changed["id"], changed["value"], changed["is_secret"]) == (one["id"], MASK, True)
    assert api.values() == {"DATABASE_URL": "new-value"}
    bulk = [
        {"key": "NODE_ENV", "value": "production"},
        {"key": "PORT", "value": "3000", "is_secret": False},
    ]
    replaced = api.client.put(f"{api.env}/bulk", {"variables": bulk})
    assert replaced.status == 200
    rows = replaced.json()["environment_variables"]
    assert [(one["key"], one["value"]) for one in rows] == [
        ("NODE_ENV", "production"),
        ("PORT", "3000"),
    ]
    assert api.client.delete(f"{api.env}/{rows[0]['id']}").status == 204
    assert api.values() == {"PORT": "3000"}


def test_the_other_spelling_of_the_prefix(api: Configured) -> None:
    one = api.set("A", "1", is_secret=True)
    path = api.env.replace("/api/", "/api/v1/")
    assert api.client.get(f"{path}/{one['id']}/reveal").json()["value"] == "1"
    assert api.client.put(f"{path}/bulk", {"variables": []}).json()["total"] == 0


def test_a_key_that_exists(api: Configured) -> None:
    api.set("A", "1")
    again = api.client.post(api.env, {"key": "A", "value": "2"})
    assert again.status == 409
    assert "A" in again.json()["detail"]
    assert api.values() == {"A": "1"}


def test_get_then_put_changes_nothing(api: Configured) -> None:
    api.set("PLAIN", " x ")
    api.set("SECRET", "hunter2", is_secret=True)
    api.deploy()
    before = api.variables()
    reply = api.client.put(f"{api.env}/bulk", {"variables": before, "total": 2})
    assert reply.json() == {"environment_variables": before, "total": 2}
    assert api.variables() == before
    assert api.values() == {"PLAIN": " x ", "SECRET": "hunter2"}
    assert not api.is_pending


def test_patch_of_many_leaves_the_others(api: Configured) -> None:
    api.set("A", "1")
    api.set("B", "2", is_secret=True)
    body = {"variables": [{"key": "A", "value": "3"}, {"key": "C", "value": "4"}]}
    assert api.client.patch(f"{api.env}/bulk", body).json()["total"] == 3
    assert api.values() == {"A": "3", "B": "2", "C": "4"}


def test_put_keeps_what_is_masked_and_removes_what_is_left_out(api: Configured) -> None:
    first = api.set("A", "1", is_secret=True)
    api.set("B", "2")
    items = [{"key": "A", "value": MASK}, {"key": "C", "value": "3"}]
    rows = api.client.put(f"{api.env}/bulk", {"variables": items}).json()["environment_variables"]
    assert (rows[0]["id"], rows[0]["is_secret"], rows[0]["value"]) == (first["id"], True, MASK)
    assert api.values() == {"A": "1", "C": "3"}


@pytest.mark.parametrize("body", [{"is_secret": False}, {"is_secret": False, "value": MASK}])
def test_a_secret_is_not_shown_by_a_change(api: Configured, body: dict[str, Any]) -> None:
    one = api.set("A", "hunter2", is_secret=True)
    items = {"variables": [{"key": "A", **body}]}
    tried = [
        api.client.patch(f"{api.env}/{one['id']}", body),
        api.client.patch(f"{api.env}/bulk", items),
        api.client.put(f"{api.env}/bulk", items),
    ]
    assert [reply.status for reply in tried] == [400] * 3
    assert all("is_secret" in reply.json()["detail"] for reply in tried)
    assert api.variables() == [one]
    new = {"is_secret": False, "value": "open"}
    assert api.client.patch(f"{api.env}/{one['id']}", new).json()["value"] == "open"


def test_an_id_of_another_variable(api: Configured) -> None:
    first = api.set("A", "1")
    api.set("B", "2")
    items = [{"id": first["id"], "key": "B", "value": "3"}]
    for method in ("PUT", "PATCH"):
        reply = api.client.call(method, f"{api.env}/bulk", {"variables": items})
        assert reply.status == 409
        assert "variables.0.id" in reply.json()["detail"]
    assert api.values() == {"A": "1", "B": "2"}


BAD = [
    ({"key": "", "value": "x"}, "key"),
    ({"key": "1A", "value": "x"}, "key"),
    ({"key": "A-B", "value": "x"}, "key"),
    ({"key": "A\n", "value": "x"}, "key"),
    ({"key": "Ä", "value": "x"}, "key"),
    ({"key": "A" * 257, "value": "x"}, "key"),
    ({"key": "A", "value": "a\0b"}, "value"),
    ({"key": "A", "value": 1}, "value"),
    ({"key": "A", "value": None}, "value"),
    ({"key": "A", "value": MASK}, "value"),
    ({"key": "A"}, "value: is required"),
    ({"key": "A", "value": "x" * (128 * 1024)}, "128 KiB"),
    ({"key": "A", "value": "x", "secret": True}, "secret: is not a field"),
]


@pytest.mark.parametrize(("body", "named"), BAD)
def test_bad_variables(api: Configured, body: dict[str, Any], named: str) -> None:
    api.set("KEPT", "1")
    for reply in (
        api.client.post(api.env, body),
        api.client.put(f"{api.env}/bulk", {"variables": [body]}),
    ):
        assert reply.status == 400, reply.text
    assert named in api.client.post(api.env, body).json()["detail"]
    assert api.values() == {"KEPT": "1"}


@pytest.mark.parametrize("text", [rb"\ud800", rb"\udfff", b"\xff"])
def test_no_text(api: Configured, text: bytes) -> None:
    json = {"Content_Type": "application/json"}
    one = b'{"key": "A", "value": "' + text + b'"}'
    many = b'{"variables": [' + one + b"]}"
    assert api.client.call("POST", api.env, one, **json).status == 400
    assert api.client.call("POST", api.env, one, Idempotency_Key="k", **json).status == 400
    assert api.client.call("PUT", f"{api.env}/bulk", many, **json).status == 400
    assert api.values() == {}


def test_too_many(api: Configured) -> None:
    items = [{"key": f"K{number}", "value": ""} for number in range(201)]
    assert api.client.put(f"{api.env}/bulk", {"variables": items}).status == 400
    assert api.client.put(f"{api.env}/bulk", {"variables": items[:200]}).json()["total"] == 200
    one_more = api.client.post(api.env, {"key": "MORE", "value": ""})
    assert one_more.status == 400
    assert "200" in one_more.json()["detail"]
    assert api.client.patch(f"{api.env}/bulk", {"variables": items[200:]}).status == 400
    assert len(api.variables()) == 200


def test_twenty_sets_at_once(api: Configured) -> None:
    sets = [{f"K{n}": f"{run}" for n in range(run + 1)} for run in range(20)]

    def put(values: dict[str, str]) -> Reply:
        items = [{"key": key, "value": value} for key, value in values.items()]
        return api.client.put(f"{api.env}/bulk", {"variables": items})

    with ThreadPoolExecutor(20) as pool:
        statuses = {reply.status for reply in pool.map(put, sets)}
    assert statuses <= {200, 409}
    assert 200 in statuses
    assert api.values() in sets


def test_twenty_new_ones_at_once(api: Configured) -> None:
    def add(number: int) -> Reply:
        return api.client.post(api.env, {"key": f"K{number}", "value": str(number)})

    with ThreadPoolExecutor(20) as pool:
        assert {reply.status for reply in pool.map(add, range(20))} == {201}
    assert api.values() == {f"K{number}": str(number) for number in range(20)}


def test_a_lost_answer_of_the_store(api: Configured) -> None:
    with faults.fault(faults.after, operation="TransactWriteItems"):
        assert api.client.post(api.env, {"key": "A", "value": "1"}).status == 201
    assert api.values() == {"A": "1"}


def test_a_change_meets_another(api: Configured) -> None:
    """A PATCH of the flag does not bring back the value that was there when it began."""
    one = api.set("A", "old")

    def meanwhile(exchange: faults.Exchange) -> Any:
        api.client.patch(f"{api.env}/{one['id']}", {"value": "new"})
        return exchange()

    with faults.fault(meanwhile, operation="TransactWriteItems"):
        api.client.patch(f"{api.env}/{one['id']}", {"is_secret": True})
    assert api.values() == {"A": "new"}
    assert api.variables()[0]["is_secret"] is True
