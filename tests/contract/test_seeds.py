"""The seeds' own requests, pasted, get the seeds' own answers."""

import re

from tests.client import Client

TYPEID = r"[0-7][0-9a-hjkmnp-tv-z]{25}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_seed_000_get_me(ada: Client) -> None:
    me = ada.get("/v1/users/me", Content_Type="application/json")
    assert me.status == 200
    body = me.json()
    assert re.fullmatch(f"usr_{TYPEID}", body["id"])
    assert body["email"] == "ada@example.com"
    assert body["name"] == "ada"
    assert body["plan"] == "free"
    assert re.fullmatch(TIME, body["created_at"])


def test_seed_000_put_me(ada: Client) -> None:
    changed = ada.put("/v1/users/me", {"name": "Jane Doe", "company": "Acme Inc"})
    assert changed.status == 200
    body = changed.json()
    assert (body["name"], body["company"]) == ("Jane Doe", "Acme Inc")
    assert re.fullmatch(TIME, body["updated_at"])
    assert ada.get("/v1/users/me").json()["company"] == "Acme Inc"


def test_seed_000_create_and_list_projects(ada: Client) -> None:
    sent = {"name": "my-new-app", "region": "us-west-2", "framework": "nodejs"}
    made = ada.post("/v1/projects", sent)
    assert made.status == 201
    project = made.json()
    assert re.fullmatch(f"prj_{TYPEID}", project["id"])
    assert {key: project[key] for key in sent} == sent
    assert project["status"] == "pending"
    listed = ada.get("/v1/projects").json()
    assert [one["id"] for one in listed["data"]] == [project["id"]]
    assert listed["pagination"] == {"page": 1, "limit": 20, "total": 1}


def test_seed_000_deploy(ada: Client) -> None:
    project = ada.post("/v1/projects", {"name": "my-app", "region": "us-east-1"}).json()
    sent = {
        "git_url": "https://github.com/user/repo.git",
        "branch": "main",
        "environment": {"NODE_ENV": "production", "API_KEY": "secret_key"},
    }
    made = ada.post(f"/v1/projects/{project['id']}/deployments", sent)
    assert made.status == 201, made.text
    deployment = made.json()
    assert re.fullmatch(f"dep_{TYPEID}", deployment["id"])
    assert deployment["project_id"] == project["id"]
    assert deployment["status"] == "building"
    assert deployment["url"] == "http://my-app.localhost:8080"
    assert re.fullmatch(TIME, deployment["created_at"])


def test_seed_000_error(ada: Client) -> None:
    refused = ada.post("/v1/projects", {})
    assert refused.status == 400
    error = refused.json()["error"]
    assert error["code"] == "invalid_request"
    assert error["message"] == "The request is missing required parameters"
    assert error["details"]["missing_fields"] == ["name"]
    assert error["status"] == 400
    assert error["request_id"] == refused.headers["X-Request-Id"]


def test_seed_004_projects(ada: Client) -> None:
    made = ada.post("/v1/projects", {"name": "gamma"}).json()
    assert made["name"] == "gamma"
    assert re.fullmatch(TIME, made["created_at"])
    gone = ada.delete(f"/v1/projects/{made['id']}")
    assert gone.status == 200
    assert gone.json() == {"deleted": True, "id": made["id"]}
    assert ada.get(f"/v1/projects/{made['id']}").status == 404


def test_seed_004_envelope(ada: Client) -> None:
    accept = {"Accept": "application/json;profile=envelope"}
    reply = ada.get("/v1/users/me", **accept)
    assert reply.json()["data"]["email"] == "ada@example.com"
    assert reply.json()["meta"] == {"requestId": reply.headers["X-Request-Id"]}


def test_seed_001_projects(ada: Client) -> None:
    made = ada.post("/api/projects", {"name": "my-app", "description": "My application"})
    assert made.status == 201
    project = made.json()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", project["id"])
    assert ada.get(f"/api/projects/{project['id']}").json() == project
    assert ada.get("/api/projects").json() == {"projects": [project], "total": 1}
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 1


def test_seed_001_web_services(ada: Client) -> None:
    project = ada.post("/api/projects", {"name": "my-app"}).json()
    sent = {
        "name": "backend-api",
        "project_id": project["id"],
        "git_repository_url": "https://github.com/user/repo",
        "port": 3000,
        "build_command": "npm run build",
        "min_instances": 1,
        "max_instances": 3,
    }
    made = ada.post("/api/web-services", sent)
    assert made.status == 201, made.text
    service = made.json()
    assert {key: service[key] for key in sent} == sent
    assert service["status"] == "stopped"
    path = f"/api/web-services/{service['id']}"
    assert ada.get(path).json() == service
    assert ada.get("/api/web-services").json() == {"web_services": [service], "total": 1}
    changed = ada.patch(path, {"name": "new-name", "min_instances": 2})
    assert (changed.json()["name"], changed.json()["min_instances"]) == ("new-name", 2)
    assert ada.get(f"{path}/logs?tail=100&since=1710000000").json()["logs"] == ""
    assert ada.delete(path).status == 204


def test_seed_001_deployments(ada: Client) -> None:
    url = "https://github.com/user/repo"
    service = ada.post("/api/web-services", {"name": "api", "git_repository_url": url}).json()
    path = f"/api/web-services/{service['id']}/deployments"
    made = ada.post(path, {"branch": "main"})
    assert made.status == 201
    assert made.json()["status"] == "pending"
    assert made.json()["is_live"] is False
    listed = ada.get(f"{path}?limit=10&offset=0").json()
    assert [one["id"] for one in listed["deployments"]] == [made.json()["id"]]
    assert ada.post(f"{path}/{made.json()['id']}/cancel").json()["status"] == "cancelled"
    assert ada.get(f"{path}/{made.json()['id']}").json()["status"] == "cancelled"


def test_seed_001_error(anyone: Client) -> None:
    refused = anyone.get("/api/projects")
    assert refused.status == 401
    assert set(refused.json()) == {"detail"}
    assert refused.headers["WWW-Authenticate"] == "Bearer"
