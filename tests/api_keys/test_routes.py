"""API keys: made, used, revoked."""

import pytest
from time_machine import Traveller

from chalicelib.store import wire
from tests.client import Client


def new(ada: Client, **fields: str) -> dict[str, str]:
    reply = ada.post("/api/api-keys", {"name": "ci", "scope": "admin", **fields})
    assert reply.status == 201, reply.text
    made: dict[str, str] = reply.json()
    return made


def test_a_key_opens_its_workspace(ada: Client) -> None:
    project = ada.post("/v1/projects", {"name": "x"}).json()["id"]
    made = new(ada)
    assert made["plaintext_key"].startswith(f"ak_live_{made['key_prefix']}")
    assert len(made["plaintext_key"]) == 8 + 8 + 32 + 6
    key = ada.bearer(made["plaintext_key"])
    assert key.get(f"/v1/projects/{project}").status == 200
    described = key.get("/api/users/me/api-key").json()
    assert described["id"] == made["id"]
    assert "plaintext_key" not in described


def test_the_text_is_shown_once(ada: Client) -> None:
    made = new(ada)
    listed = ada.get("/api/api-keys")
    assert listed.json()["api_keys"][0]["id"] == made["id"]
    assert made["plaintext_key"][16:] not in listed.text


def test_each_character_counts(ada: Client) -> None:
    text = new(ada)["plaintext_key"]
    for index in range(len(text)):
        other = "a" if text[index] != "a" else "b"
        flipped = text[:index] + other + text[index + 1 :]
        assert ada.bearer(flipped).get("/v1/users/me").status == 401


def test_a_wrong_checksum_costs_no_look_at_the_database(ada: Client) -> None:
    text = new(ada)["plaintext_key"]
    ada.bearer(text[:-1] + ("a" if text[-1] != "a" else "b")).get("/v1/users/me")
    assert wire.calls.get() == 0


def test_revoked(ada: Client) -> None:
    made = new(ada)
    key = ada.bearer(made["plaintext_key"])
    assert key.get("/v1/users/me").status == 200
    assert ada.delete(f"/api/api-keys/{made['id']}").status == 204
    assert key.get("/v1/users/me").status == 401
    assert ada.delete(f"/api/api-keys/{made['id']}").status == 404
    assert ada.get("/api/api-keys").json() == {"api_keys": [], "total": 0}


def test_expired(ada: Client, clock: Traveller) -> None:
    made = new(ada, expires_at="2099-01-01T00:00:00Z")
    key = ada.bearer(made["plaintext_key"])
    assert key.get("/v1/users/me").status == 200
    clock.move_to(4_070_908_801)
    assert key.get("/v1/users/me").status == 401


@pytest.mark.parametrize("when", ["tomorrow", "2001-01-01T00:00:00Z", "2099-01-01", "4070908800"])
def test_bad_expiry(ada: Client, when: str) -> None:
    reply = ada.post("/api/api-keys", {"name": "x", "scope": "read", "expires_at": when})
    assert reply.status == 400
    assert "expires_at" in reply.json()["detail"]
