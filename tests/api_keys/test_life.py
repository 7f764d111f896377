"""Limits of keys, rotation, keys bound to a project, and the Sites surface."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from time_machine import Traveller

from tests.client import Client, Queue


def new(client: Client, **fields: str) -> dict[str, Any]:
    reply = client.post("/api/api-keys", {"name": "ci", "scope": "admin", **fields})
    assert reply.status == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def sign_in(anyone: Client) -> Client:
    person = {"email": "ada@example.com", "password": "correct horse battery"}
    return anyone.bearer(anyone.post("/api/auth/login", person).json()["access_token"])


def test_ten_active_keys_at_most(anyone: Client, ada: Client, clock: Traveller) -> None:
    clock.move_to(1_900_000_000)
    for _ in range(2):
        clock.shift(3600)
        ada = sign_in(anyone)
        for _ in range(5):
            new(ada, expires_at="2030-06-01T00:00:00Z")
    clock.shift(3600)
    ada = sign_in(anyone)
    reply = ada.post("/api/api-keys", {"name": "x", "scope": "read"})
    assert reply.status == 400
    assert "10 keys" in reply.json()["detail"]
    sites = ada.post("/api/account/api-keys", {"name": "x", "scope": "read"})
    assert sites.json()["error"]["code"] == "API_KEY_LIMIT_REACHED"
    clock.move_to(1_910_000_000)
    ada = sign_in(anyone)
    new(ada)
    assert ada.get("/api/api-keys").json()["total"] == 1


def test_five_creations_an_hour_however_many_at_once(ada: Client) -> None:
    def create(_: int) -> int:
        return ada.post("/api/api-keys", {"name": "x", "scope": "read"}).status

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(create, range(12))) == [201] * 5 + [429] * 7
    assert ada.get("/api/api-keys").json()["total"] == 5
    refused = ada.post("/api/api-keys", {"name": "x", "scope": "read"})
    assert int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["X-RateLimit-Limit"] == "5"
    assert '"key-creation";r=0' in refused.headers["RateLimit"]


def test_rotated(ada: Client) -> None:
    made = new(ada)
    former = ada.bearer(made["plaintext_key"])
    assert former.get("/v1/users/me").status == 200
    rotated = ada.post(f"/api/api-keys/{made['id']}/rotate")
    assert rotated.status == 200, rotated.text
    assert rotated.json()["id"] == made["id"]
    assert former.get("/v1/users/me").status == 401
    present = ada.bearer(rotated.json()["plaintext_key"])
    described = present.get("/api/users/me/api-key").json()
    assert described["key_prefix"] in present.headers["Authorization"]
    assert ada.delete(f"/api/api-keys/{made['id']}").status == 204
    assert present.get("/v1/users/me").status == 401


def test_rotated_by_many_at_once(ada: Client) -> None:
    made = new(ada)

    def rotate(_: int) -> str | None:
        reply = ada.post(f"/api/api-keys/{made['id']}/rotate")
        return reply.json()["plaintext_key"] if reply.status == 200 else None

    with ThreadPoolExecutor(8) as pool:
        texts = [text for text in pool.map(rotate, range(8)) if text]
    good = [text for text in texts if ada.bearer(text).get("/v1/users/me").status == 200]
    assert len(good) == 1
    assert ada.bearer(made["plaintext_key"]).get("/v1/users/me").status == 401


def test_bound_to_a_project(ada: Client, bob: Client) -> None:
    mine, other = (ada.post("/v1/projects", {"name": name}).json()["id"] for name in "ab")
    theirs = bob.post("/v1/projects", {"name": "c"}).json()["id"]
    for wrong in (theirs, "prj_01m7y0fppje0y9thwrqb1ygz38", "x", other.replace("prj", "svc")):
        body = {"name": "x", "scope": "read", "project_id": wrong}
        refused = ada.post("/api/api-keys", body)
        assert refused.status == 400
        assert "project_id" in refused.json()["detail"]
    key = ada.bearer(new(ada, project_id=mine)["plaintext_key"])
    assert [one["id"] for one in key.get("/v1/projects").json()["data"]] == [mine]
    assert key.get(f"/v1/projects/{mine}").status == 200
    assert key.get(f"/v1/projects/{other}").status == 404
    assert key.post("/v1/projects", {"name": "x"}).status == 403
    service = key.post("/api/web-services", {"name": "in"})
    assert service.status == 201, service.text
    outside = ada.post("/api/web-services", {"name": "out", "project_id": other}).json()["id"]
    assert key.get(f"/api/web-services/{outside}").status == 404
    assert key.get(f"/api/web-services?project_id={other}").json()["total"] == 0
    assert [s["name"] for s in key.get("/api/web-services").json()["web_services"]] == ["in"]
    assert key.post("/api/web-services", {"name": "x", "project_id": other}).status == 400
    made = key.post("/api/api-keys", {"name": "child", "scope": "read"}).json()
    assert made["project_id"] == key.get("/api/projects").json()["projects"][0]["id"]


def test_a_deleted_project_takes_its_keys_with_it(ada: Client, queue: Queue) -> None:
    project = ada.post("/v1/projects", {"name": "a"}).json()["id"]
    key = ada.bearer(new(ada, project_id=project)["plaintext_key"])
    assert ada.delete(f"/v1/projects/{project}").status == 200
    queue.run_to_the_end()
    assert key.get("/v1/users/me").status == 401
    assert ada.get("/api/api-keys").json()["total"] == 0


def test_on_the_sites_surface(ada: Client) -> None:
    body = {"name": "ci", "scope": "read", "expiresAt": "2099-01-01T00:00:00Z"}
    made = ada.post("/api/account/api-keys", body)
    assert made.status == 201, made.text
    key = made.json()
    assert key["plaintextKey"].startswith("ak_live_" + key["keyPrefix"])
    assert isinstance(key["createdAt"], int)
    assert key["expiresAt"] == 4_070_908_800_000
    assert [one["id"] for one in ada.get("/api/account/api-keys").json()] == [key["id"]]
    wrong = ada.post("/api/account/api-keys", {"scope": "read", "expires_at": "x"})
    assert wrong.json()["error"]["code"] == "VALIDATION_FAILED"
    assert {"field": "name", "message": "Required"} in wrong.json()["error"]["details"]
    assert "did you mean expiresAt?" in wrong.text
    assert ada.post(f"/api/v1/account/api-keys/{key['id']}/rotate").status == 200
    assert ada.delete(f"/api/account/api-keys/{key['id']}").status == 204


def test_programs_need_the_scope_admin(ada: Client) -> None:
    for path in ("/api/api-keys", "/api/account/api-keys"):
        assert ada.key("write").get(path).status == 403
        assert ada.key("admin").get(path).status == 200
