"""Push hooks: what git hosts send, and what is deployed for it."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from chalicelib.push_hooks.store import PushHook
from tests.client import Client, Queue, Reply

NEW = {"name": "site", "git_repository_url": "http://127.0.0.1/repo.git", "branch": "main"}


@pytest.fixture
def path(ada: Client) -> str:
    made = ada.post("/api/web-services", {**NEW, "auto_deploy": True})
    assert made.status == 201, made.text
    return f"/api/web-services/{made.json()['id']}"


@pytest.fixture
def hook(ada: Client, path: str) -> str:
    return new(ada, path)


def new(client: Client, path: str) -> str:
    made = client.post(path + "/push-hook")
    assert made.status == 201, made.text
    return str(urlsplit(made.json()["url"]).path)


def push(client: Client, hook: str, body: Any = None, **headers: str) -> Reply:
    return client.post(hook, body, **headers)


def deployments(client: Client, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(path + "/deployments").json()["deployments"]
    return rows


def github(ref: str = "refs/heads/main", **more: Any) -> dict[str, Any]:
    """The parts of GitHub's payload that say what was pushed."""
    return {
        "ref": ref,
        "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
        "after": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
        "created": False,
        "deleted": False,
        "repository": {"full_name": "user/repo", "default_branch": "main"},
        **more,
    }


def test_a_push_to_its_branch_is_deployed(
    anyone: Client, ada: Client, path: str, hook: str, queue: Queue
) -> None:
    reply = push(anyone, hook, github(), X_GitHub_Event="push")
    assert reply.status == 200, reply.text
    [made] = deployments(ada, path)
    assert reply.json()["deployed"] is True
    assert reply.json()["reason"] is None
    queue.run_to_the_end()
    assert deployments(ada, path)[0]["status"] == "running"
    assert made["branch"] == "main"


def test_in_a_form(anyone: Client, ada: Client, path: str, hook: str) -> None:
    form = urlencode({"payload": json.dumps(github())}).encode()
    kind = "application/x-www-form-urlencoded"
    assert push(anyone, hook, form, X_GitHub_Event="push", Content_Type=kind).json()["deployed"]
    assert len(deployments(ada, path)) == 1


def test_gitlab_and_plain(anyone: Client, ada: Client, path: str, hook: str) -> None:
    gitlab = {"object_kind": "push", "ref": "refs/heads/main", "after": "da15608"}
    assert push(anyone, hook, gitlab, X_Gitlab_Event="Push Hook").json()["deployed"]
    assert push(anyone, hook).json()["deployed"]
    assert push(anyone, hook, {"branch": "main"}).json()["deployed"]
    assert len(deployments(ada, path)) == 3


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (github("refs/heads/next"), {"X_GitHub_Event": "push"}, "not to main"),
        (github("refs/tags/main"), {"X_GitHub_Event": "push"}, "no push to a branch"),
        (github(after="0" * 40, deleted=True), {"X_GitHub_Event": "push"}, "no push to a branch"),
        ({"zen": "Keep it logically awesome."}, {"X_GitHub_Event": "ping"}, "no push"),
        ({"ref": "refs/heads/main"}, {"X_Gitlab_Event": "Tag Push Hook"}, "no push"),
        ({"branch": "next"}, {}, "not to main"),
    ],
)
def test_what_is_not_deployed(
    anyone: Client,
    ada: Client,
    path: str,
    hook: str,
    body: Any,
    headers: dict[str, str],
    reason: str,
) -> None:
    said = push(anyone, hook, body, **headers).json()
    assert said["deployed"] is False
    assert reason in said["reason"]
    assert deployments(ada, path) == []


def test_not_while_auto_deploy_is_off(anyone: Client, ada: Client, path: str, hook: str) -> None:
    assert ada.get(path + "/push-hook").json()["active"] is True
    ada.patch(path, {"auto_deploy": False})
    assert ada.get(path + "/push-hook").json()["active"] is False
    assert "auto_deploy" in push(anyone, hook).json()["reason"]
    assert deployments(ada, path) == []


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000, b'{"branch":[]}'])
def test_a_body_that_is_none(anyone: Client, hook: str, body: bytes) -> None:
    assert push(anyone, hook, body).status == 400


def test_its_token_is_the_key(anyone: Client, ada: Client, path: str, hook: str) -> None:
    assert push(anyone, hook[:-1]).status == 404
    assert push(anyone, "/v1/hooks/git/x").status == 404
    token = hook.rpartition("/")[2]
    assert token not in ada.get(path + "/push-hook").text
    [kept] = PushHook.scan(PushHook.made_by.exists())
    assert token not in str(kept.serialize())
    second = new(ada, path)
    assert push(anyone, hook).status == 404
    assert push(anyone, second).status == 200
    assert ada.delete(path + "/push-hook").status == 204
    assert ada.get(path + "/push-hook").status == ada.delete(path + "/push-hook").status == 404
    assert push(anyone, second).status == 404


def test_made_many_times_at_once(anyone: Client, ada: Client, path: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ada.post(path + "/push-hook"), range(8)))
    hooks = [urlsplit(one.json()["url"]).path for one in made if one.status == 201]
    assert hooks
    assert {one.status for one in made} <= {201, 409}
    assert sum(push(anyone, hook).status == 200 for hook in hooks) == 1


def test_gone_with_its_service(
    anyone: Client, ada: Client, path: str, hook: str, queue: Queue
) -> None:
    ada.delete(path)
    assert push(anyone, hook).status == 409
    queue.run_to_the_end()
    assert push(anyone, hook).status == 404
    assert list(PushHook.scan(PushHook.made_by.exists())) == []


def test_it_is_noted_for_who_made_it(anyone: Client, ada: Client, hook: str) -> None:
    push(anyone, hook)
    newest = ada.get("/v1/audit-log").json()["data"][0]
    assert newest["action"] == "receive_push"
    assert newest["user_id"] == ada.get("/v1/users/me").json()["id"]
