"""Web services: what may be sent, and what follows."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import Client, Queue

URL = "http://127.0.0.1:1/user/repo.git"


def new(ada: Client, name: str = "api", **fields: Any) -> Any:
    reply = ada.post("/api/web-services", {"name": name, "git_repository_url": URL, **fields})
    assert reply.status == 201, reply.text
    return reply.json()


BAD = [
    {"name": ""},
    {"name": "x" * 64},
    {"name": None},
    {"port": 0},
    {"port": 65536},
    {"port": "3000"},
    {"port": True},
    {"port": 80.5},
    {"min_instances": -1},
    {"max_instances": 11},
    {"min_instances": 3, "max_instances": 2},
    {"environment": "test"},
    {"project_type": "cron"},
    {"publish_directory": "../x"},
    {"publish_directory": "/etc"},
    {"spa": "yes"},
    {"root_directory": "../x"},
    {"root_directory": "/etc"},
    {"branch": "-b"},
    {"branch": "a b"},
    {"branch": "a..b"},
    {"branch": "$(id)\n"},
    {"branch": ""},
    {"health_check_path": "health"},
    {"start_command": "a\u0000b"},
    {"env_vars": [{"key": "1A", "value": "x"}]},
    {"env_vars": [{"key": "A"}]},
    {"env_vars": [{"key": f"K{n}", "value": ""} for n in range(201)]},
    {"env_vars": [{"key": "A", "value": "x" * (129 * 1024)}]},
    {"project_id": "x"},
    {"project_id": "prj_01m7y0fppje0y9thwrqb1ygz38"},
    {"start_comand": "x"},
    {"git_repository_url": "git@github.com:user/repo.git"},
    {"git_repository_url": "ext::sh -c id"},
    {"git_repository_url": "--upload-pack=touch /tmp/x"},
    {"git_repository_url": "ssh://github.com/user/repo"},
    {"git_repository_url": "http://169.254.169.254/latest"},
    {"git_repository_url": "https://2852039166/"},
    {"git_repository_url": "https://[::ffff:10.0.0.1]/x"},
]


@pytest.mark.parametrize("change", BAD, ids=range(len(BAD)))
def test_bad_fields_are_named(ada: Client, change: dict[str, Any]) -> None:
    reply = ada.post("/api/web-services", {"name": "api", "git_repository_url": URL, **change})
    assert reply.status == 400, reply.text
    named = reply.json()["detail"]
    assert next(iter(change)) in named or "environment" in named
    assert ada.get("/api/web-services").json()["total"] == 0


def test_spellings(ada: Client) -> None:
    made = new(ada, github_branch="develop", environment="dev")
    assert (made["branch"], made["environment"]) == ("develop", "development")


def test_a_default_project_is_made_once(ada: Client) -> None:
    first, second = new(ada, "one"), new(ada, "two")
    assert first["project_id"] == second["project_id"]
    projects = ada.get("/api/projects").json()
    assert [one["name"] for one in projects["projects"]] == ["default"]


def test_a_deleted_default_project_is_made_anew(ada: Client, queue: Queue) -> None:
    ada.post("/api/projects", {"name": "mine"})
    first = new(ada)["project_id"]
    assert ada.delete(f"/api/projects/{first}").status == 204
    queue.run_to_the_end()
    second = new(ada)["project_id"]
    assert ada.get(f"/api/projects/{second}").json()["name"] == "default"
    assert second != first


def test_a_name_is_unique_in_its_project(ada: Client) -> None:
    made = new(ada)
    body = {"name": "API", "git_repository_url": URL}
    assert ada.post("/api/web-services", body).status == 409
    other = ada.post("/api/projects", {"name": "other"}).json()["id"]
    new(ada, project_id=other)
    second = new(ada, "second")
    assert ada.patch(f"/api/web-services/{second['id']}", {"name": "api"}).status == 409
    renamed = ada.patch(f"/api/web-services/{made['id']}", {"name": "Api"})
    assert renamed.json()["name"] == "Api"
    assert ada.patch(f"/api/web-services/{made['id']}", {"name": "free"}).status == 200
    assert ada.patch(f"/api/web-services/{second['id']}", {"name": "api"}).status == 200


def test_hosts_are_claimed_in_one_namespace(ada: Client, bob: Client) -> None:
    mine, theirs = new(ada, "Größe & Maß"), new(bob, "Größe & Maß")
    assert mine["subdomain"] == "grosse-mass"
    assert theirs["subdomain"].startswith("grosse-mass-")
    assert theirs["url"] == f"http://{theirs['subdomain']}.localhost:8080"


def test_one_of_ten_at_once_gets_the_name(ada: Client) -> None:
    new(ada, "first")
    body = {"name": "api", "git_repository_url": URL}
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda _: ada.post("/api/web-services", body), range(10)))
    assert sorted({reply.status for reply in replies}) == [201, 409]
    assert sum(reply.status == 201 for reply in replies) == 1
    assert ada.get("/api/web-services").json()["total"] == 2


def test_credentials_of_a_git_url_are_not_shown(ada: Client, queue: Queue) -> None:
    secret = "http://user:s3cret@127.0.0.1:1/repo.git"
    made = new(ada, git_repository_url=secret)
    path = f"/api/web-services/{made['id']}"
    assert made["git_repository_url"] == "http://127.0.0.1:1/repo.git"
    kept = ada.patch(path, {"git_repository_url": made["git_repository_url"], "port": 1234})
    assert kept.status == 200
    deployment = ada.post(f"{path}/deployments", {})
    queue.run_to_the_end()
    listed = ada.get(f"{path}/deployments")
    for reply in (kept, deployment, listed, ada.get("/api/web-services")):
        assert "s3cret" not in reply.text


def test_a_change_waits_for_the_next_deployment(ada: Client, queue: Queue) -> None:
    made = new(ada)
    path = f"/api/web-services/{made['id']}"
    assert ada.patch(path, {"start_command": "x"}).json()["config_pending"] is False
    ada.post(f"{path}/deployments", {})
    queue.run_to_the_end()
    assert ada.patch(path, {"start_command": "y"}).json()["config_pending"] is True
    ada.post(f"{path}/deployments", {})
    assert ada.get(path).json()["config_pending"] is True
    queue.run_to_the_end()
    assert ada.get(path).json()["config_pending"] is False
    assert ada.patch(path, {"start_command": "y"}).json()["config_pending"] is False


def test_get_then_patch_of_the_same(ada: Client) -> None:
    made = new(ada)
    again = ada.patch(f"/api/web-services/{made['id']}", made)
    assert again.status == 200, again.text
    assert again.json() | {"updated_at": ""} == made | {"updated_at": ""}


def test_deploying_without_a_repository(ada: Client) -> None:
    made = ada.post("/api/web-services", {"name": "bare"}).json()
    reply = ada.post(f"/api/web-services/{made['id']}/deployments", {})
    assert reply.status == 400
    assert "git_repository_url" in reply.json()["detail"]


def test_a_deleted_service_takes_no_deployment(ada: Client, queue: Queue) -> None:
    made = new(ada)
    path = f"/api/web-services/{made['id']}"
    assert ada.delete(path).status == 204
    assert ada.get(path).json()["status"] == "pending_deletion"
    assert ada.delete(path).status == 204
    for action in ("deployments", "start", "restart", "stop"):
        assert ada.post(f"{path}/{action}", {}).status == 409
    queue.run_to_the_end()
    assert ada.get(path).status == 404
    assert new(ada)["subdomain"] == made["subdomain"]


@pytest.mark.parametrize("query", ["tail=0", "tail=10001", "tail=x", "since=-1", "since=x"])
def test_log_queries_out_of_range(ada: Client, query: str) -> None:
    reply = ada.get(f"/api/web-services/{new(ada)['id']}/logs?{query}")
    assert reply.status == 400
    assert query.partition("=")[0] in reply.json()["detail"]


def test_services_of_one_project(ada: Client) -> None:
    other = ada.post("/api/projects", {"name": "other"}).json()["id"]
    new(ada, "one")
    mine = [new(ada, name, project_id=other)["id"] for name in ("two", "three")]
    listed = ada.get(f"/api/web-services?project_id={other}").json()
    assert [one["id"] for one in listed["web_services"]] == mine[::-1]
    assert listed["total"] == 2


def test_logs_are_not_followed_without_a_front_that_streams(ada: Client) -> None:
    reply = ada.get(f"/api/web-services/{new(ada)['id']}/logs?follow=true")
    assert reply.status == 400
    detail = "follow: this installation cannot stream; ask again with since=…"
    assert reply.json()["detail"] == detail
