"""Making, reading, changing and deleting webhooks."""

from typing import Any

import pytest

from chalicelib.webhooks.store import Webhook
from tests.client import Client
from tests.webhooks.conftest import new


def test_its_secret_is_shown_once_and_kept_sealed(ada: Client) -> None:
    made = new(ada, "https://example.com/hook", "deployment.failed")
    assert made["secret"].startswith("whsec_")
    assert made["enabled"] is True
    assert made["id"].startswith("whk_")
    found = ada.get(f"/v1/webhooks/{made['id']}")
    assert made["secret"] not in found.text
    assert {**found.json(), "secret": made["secret"]} == made
    [stored] = Webhook.scan(Webhook.sk == made["id"])
    assert made["secret"].encode() not in bytes(stored.sealed)
    assert stored.sealed != stored.former


def test_listed_newest_first(ada: Client, bob: Client) -> None:
    first, second = new(ada, "https://example.com/1"), new(ada, "https://example.com/2")
    listed = ada.get("/v1/webhooks").json()
    assert [one["id"] for one in listed["data"]] == [second["id"], first["id"]]
    assert listed["pagination"] == {"page": 1, "limit": 20, "total": 2}
    assert "secret" not in listed["data"][0]
    assert bob.get("/v1/webhooks").json()["data"] == []
    assert bob.get(f"/v1/webhooks/{first['id']}").status == 404


def test_changed(ada: Client) -> None:
    made = new(ada, "https://example.com/1")
    path = f"/v1/webhooks/{made['id']}"
    changed = ada.patch(path, {"events": ["project.created"], "description": "CI"}).json()
    assert (changed["events"], changed["description"]) == (["project.created"], "CI")
    assert changed["url"] == made["url"]
    off = ada.patch(path, {"enabled": False}).json()
    assert off["enabled"] is False
    assert ada.get(path).json()["enabled"] is False
    assert ada.patch(path, ada.get(path).json()).status == 200
    assert ada.post(path + "/test").status == 409


def test_deleted(ada: Client) -> None:
    made = new(ada, "https://example.com/1")
    path = f"/v1/webhooks/{made['id']}"
    assert ada.delete(path).json() == {"deleted": True, "id": made["id"]}
    assert ada.get(path).status == ada.delete(path).status == 404


def test_ten_at_most(ada: Client) -> None:
    made = [new(ada, f"https://example.com/{number}") for number in range(10)]
    body = {"url": "https://example.com/11", "events": ["*"]}
    refused = ada.post("/v1/webhooks", body)
    assert refused.status == 400
    assert "10 webhooks" in refused.json()["error"]["message"]
    ada.delete(f"/v1/webhooks/{made[0]['id']}")
    assert ada.post("/v1/webhooks", body).status == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"events": ["*"]}, "url"),
        ({"url": "https://example.com"}, "events"),
        ({"url": "https://example.com", "events": []}, "events"),
        ({"url": "https://example.com", "events": ["deployment.exploded"]}, "events.0"),
        ({"url": "ftp://example.com", "events": ["*"]}, "url"),
        ({"url": "https://user:pw@example.com", "events": ["*"]}, "url"),
        ({"url": "https://exa mple.com", "events": ["*"]}, "url"),
        ({"url": "http://169.254.169.254/latest", "events": ["*"]}, "url"),
        ({"url": "http://2852039166/latest", "events": ["*"]}, "url"),
        ({"url": "http://0xa9fea9fe/", "events": ["*"]}, "url"),
        ({"url": "http://0251.0376.0251.0376/", "events": ["*"]}, "url"),
        ({"url": "http://[::ffff:10.0.0.1]/", "events": ["*"]}, "url"),
        ({"url": "http://[2002:a00:1::]/", "events": ["*"]}, "url"),
        ({"url": "http://[64:ff9b::a00:1]/", "events": ["*"]}, "url"),
        ({"url": "https://10.1.2.3/", "events": ["*"]}, "url"),
    ],
)
def test_what_is_wrong_is_named(ada: Client, body: dict[str, Any], field: str) -> None:
    refused = ada.post("/v1/webhooks", body)
    assert refused.status == 400, refused.text
    assert field in [one["field"] for one in refused.json()["error"]["details"]["fields"]]


def test_needs_the_scope_write(ada: Client) -> None:
    made = new(ada, "https://example.com/1")
    reader = ada.key("read")
    assert reader.get(f"/v1/webhooks/{made['id']}").status == 200
    assert reader.post(f"/v1/webhooks/{made['id']}/rotate-secret").status == 403
    assert reader.delete(f"/v1/webhooks/{made['id']}").status == 403
