"""Members: invited, accepted, changed, removed; felt at the next call."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from time_machine import Traveller

from chalicelib import jobs
from chalicelib.errors import Unauthorized
from chalicelib.http.streaming import offered
from tests.client import Client, Queue
from tests.contract.world import tenant_of, user_id
from tests.mail import outbox
from tests.workspaces.people import in_workspace, invited, set_plan, verify


@pytest.fixture
def home(ada: Client) -> str:
    return tenant_of(ada).partition("#")[2]


def join(owner: Client, home: str, person: Client, queue: Queue, role: str = "member") -> Client:
    token = invited(owner, home, "bob@example.com", queue, role)
    reply = verify(person).post("/v1/invitations/accept", {"token": token})
    assert reply.status == 200, reply.text
    return in_workspace(person, home)


def test_invited_and_accepted(ada: Client, bob: Client, home: str, queue: Queue) -> None:
    token = invited(ada, home, "Bob@example.com", queue, "viewer")
    [open_one] = ada.get(f"/v1/workspaces/{home}/invitations").json()["data"]
    assert (open_one["email"], open_one["status"]) == ("Bob@example.com", "pending")
    assert bob.post("/v1/invitations/accept", {"token": token}).status == 403
    verify(bob)
    accepted = bob.post("/v1/invitations/accept", {"token": token})
    assert accepted.json()["id"] == home
    assert accepted.json()["role"] == "viewer"
    there = in_workspace(bob, home)
    assert there.get("/v1/projects").status == 200
    assert there.post("/v1/projects", {"name": "x"}).status == 403
    members = ada.get(f"/v1/workspaces/{home}/members").json()["data"]
    assert {one["email"]: one["role"] for one in members} == {
        "ada@example.com": "owner",
        "bob@example.com": "viewer",
    }
    assert ada.get(f"/v1/workspaces/{home}/invitations").json()["pagination"]["total"] == 0
    assert len(bob.get("/v1/workspaces").json()["data"]) == 2
    assert bob.post("/v1/invitations/accept", {"token": token}).status == 200


def test_no_token_in_jobs_and_a_stranger_learns_nothing(
    ada: Client, bob: Client, home: str, queue: Queue
) -> None:
    token = invited(ada, home, "carol@example.com", queue)
    assert token not in repr([job.attribute_values for job in jobs.Job.scan()])
    reply = verify(bob).post("/v1/invitations/accept", {"token": token})
    assert reply.status == 403
    assert "carol" not in reply.text
    for bad in ("x", token[:-2], ""):
        wrong = bob.post("/v1/invitations/accept", {"token": bad})
        assert wrong.status == 400
        assert wrong.json()["error"]["details"]["fields"][0]["field"] == "token"


def test_the_newest_invitation_counts(ada: Client, bob: Client, home: str, queue: Queue) -> None:
    first = invited(ada, home, "bob@example.com", queue, "admin")
    second = invited(ada, home, "bob@example.com", queue, "viewer")
    verify(bob)
    assert bob.post("/v1/invitations/accept", {"token": first}).status == 400
    assert bob.post("/v1/invitations/accept", {"token": second}).json()["role"] == "viewer"
    again = ada.post(f"/v1/workspaces/{home}/members", {"email": "BOB@example.com"})
    assert again.status == 409


def test_withdrawn_and_expired(
    ada: Client, bob: Client, home: str, queue: Queue, clock: Traveller
) -> None:
    verify(bob)
    token = invited(ada, home, "bob@example.com", queue)
    [one] = ada.get(f"/v1/workspaces/{home}/invitations").json()["data"]
    path = f"/v1/workspaces/{home}/invitations/{one['id']}"
    assert ada.delete(path).status == 204
    assert ada.delete(path).status == 404
    assert bob.post("/v1/invitations/accept", {"token": token}).status == 400
    key = ada.key("admin")
    token = invited(ada, home, "bob@example.com", queue)
    clock.shift(7 * 86_400 + 1)
    body = {"email": "bob@example.com", "password": "correct horse battery"}
    bob = bob.bearer(bob.post("/api/auth/login", body).json()["access_token"])
    assert bob.post("/v1/invitations/accept", {"token": token}).status == 400
    assert key.get(f"/v1/workspaces/{home}/invitations").json()["data"][0]["status"] == "expired"


def test_of_two_accepts_at_once_both_end_well(
    ada: Client, bob: Client, home: str, queue: Queue
) -> None:
    token = invited(ada, home, "bob@example.com", queue)
    verify(bob)

    def accept(_: int) -> int:
        return bob.post("/v1/invitations/accept", {"token": token}).status

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(accept, range(6)))
    assert 200 in statuses
    assert set(statuses) <= {200, 400, 409}
    assert ada.get(f"/v1/workspaces/{home}/members").json()["pagination"]["total"] == 2
    assert bob.post("/v1/invitations/accept", {"token": token}).status == 200


def test_removal_is_felt_at_the_next_call(
    ada: Client, bob: Client, home: str, queue: Queue
) -> None:
    there = join(ada, home, bob, queue, "admin")
    key = there.key("admin")
    assert key.get("/v1/projects").status == 200
    assert ada.delete(f"/v1/workspaces/{home}/members/{user_id(bob)}").status == 204
    assert there.get("/v1/projects").status == 401
    assert key.get("/v1/projects").status == 401
    assert bob.get(f"/v1/workspaces/{home}").status == 404
    assert bob.get("/v1/projects").status == 200


def test_removal_ends_what_is_followed(ada: Client, bob: Client, home: str, queue: Queue) -> None:
    there = join(ada, home, bob, queue)
    service = {"name": "api", "git_repository_url": "http://127.0.0.1:1/user/repo.git"}
    path = f"/api/web-services/{ada.post('/api/web-services', service).json()['id']}/logs"
    with offered() as followings:
        assert there.get(f"{path}?follow=true").status == 200
    [following] = followings
    assert following.ended() is None
    assert ada.delete(f"/v1/workspaces/{home}/members/{user_id(bob)}").status == 204
    with pytest.raises(Unauthorized):
        following.ended()


def test_a_smaller_role_is_felt_at_the_next_call(
    ada: Client, bob: Client, home: str, queue: Queue
) -> None:
    there = join(ada, home, bob, queue, "admin")
    key = there.key("admin")
    assert key.post("/v1/projects", {"name": "x"}).status == 201
    path = f"/v1/workspaces/{home}/members/{user_id(bob)}"
    assert ada.patch(path, {"role": "viewer"}).json()["role"] == "viewer"
    assert key.post("/v1/projects", {"name": "x"}).status == 403
    assert there.post("/v1/projects", {"name": "x"}).status == 403
    assert key.get("/v1/projects").status == 200
    assert ada.patch(path, {"role": "member"}).status == 200
    assert key.post("/v1/projects", {"name": "x"}).status == 201


def test_what_each_role_may(ada: Client, bob: Client, home: str, queue: Queue) -> None:
    there = join(ada, home, bob, queue, "member")
    path = f"/v1/workspaces/{home}"
    me, owner = user_id(bob), user_id(ada)
    for client in (bob, there):
        assert client.get(path + "/members").status == 200
        assert client.patch(path, {"name": "x"}).status == 403
        assert client.delete(path).status == 403
        assert client.post(path + "/members", {"email": "c@example.com"}).status == 403
        assert client.get(path + "/invitations").status == 403
        assert client.patch(f"{path}/members/{me}", {"role": "admin"}).status == 403
        assert client.delete(f"{path}/members/{owner}").status == 403
    ada.patch(f"{path}/members/{me}", {"role": "admin"})
    assert bob.patch(path, {"name": "Renamed"}).status == 200
    assert bob.patch(f"{path}/members/{owner}", {"role": "viewer"}).status == 409
    assert bob.patch(f"{path}/members/{me}", {"role": "owner"}).status == 403
    assert bob.delete(f"{path}/members/{owner}").status == 409
    assert ada.delete(f"{path}/members/{owner}").status == 409
    assert bob.delete(f"{path}/members/{me}").status == 204


def test_handed_over(ada: Client, bob: Client, queue: Queue) -> None:
    set_plan(ada, "professional")
    acme = ada.post("/v1/workspaces", {"name": "Acme"}).json()["id"]
    join(ada, acme, bob, queue)
    path = f"/v1/workspaces/{acme}/members/{user_id(bob)}"
    assert ada.patch(path, {"role": "owner"}).status == 402
    set_plan(bob, "enterprise")
    assert ada.patch(path, {"role": "owner"}).status == 200
    assert bob.get(f"/v1/workspaces/{acme}").json()["role"] == "owner"
    assert bob.get(f"/v1/workspaces/{acme}").json()["plan"] == "enterprise"
    assert ada.get(f"/v1/workspaces/{acme}").json()["role"] == "admin"
    assert ada.delete(f"/v1/workspaces/{acme}").status == 403
    assert bob.delete(f"/v1/workspaces/{acme}").status == 204


def test_a_session_that_was_ended_opens_no_new_workspace(
    anyone: Client, ada: Client, bob: Client, home: str, queue: Queue
) -> None:
    body = {"email": "bob@example.com", "password": "correct horse battery"}
    other = anyone.bearer(anyone.post("/api/auth/login", body).json()["access_token"])
    assert other.post("/api/auth/logout").status == 204
    there = join(ada, home, bob, queue)
    assert there.get("/v1/projects").status == 200
    assert in_workspace(other, home).get("/v1/projects").status == 401


def test_logout_ends_the_session_in_every_workspace(
    ada: Client, bob: Client, home: str, queue: Queue
) -> None:
    there = join(ada, home, bob, queue)
    assert there.get("/v1/projects").status == 200
    assert bob.post("/api/auth/logout").status == 204
    assert there.get("/v1/projects").status == 401


def test_the_log_of_the_workspace_holds_it(
    ada: Client, bob: Client, home: str, queue: Queue
) -> None:
    join(ada, home, bob, queue)
    actions = [one["action"] for one in ada.get("/v1/audit-log").json()["data"]]
    assert actions[:2] == ["accept_invitation", "invite_member"]


def test_names_are_escaped_in_mails(ada: Client, home: str, queue: Queue) -> None:
    ada.patch(f"/v1/workspaces/{home}", {"name": "<script>alert(1)</script>"})
    invited(ada, home, "bob@example.com", queue)
    assert "<script>alert" not in outbox.last("bob@example.com").html
