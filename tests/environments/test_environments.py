"""The environments of a project."""

from tests.client import Client


def test_what_runs_in_each(ada: Client, bob: Client) -> None:
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    for name, environment in (("a", "prod"), ("b", "production"), ("c", "dev")):
        body = {"name": name, "project_id": project, "environment": environment}
        assert ada.post("/api/web-services", body).status == 201
    secret = {"key": "K", "value": "v", "scope": "staging"}
    assert ada.post(f"/api/projects/{project}/secrets", secret).status == 201
    listed = ada.get(f"/v1/projects/{project}/environments").json()
    rows = [(one["name"], one["web_services"], one["secrets"]) for one in listed["data"]]
    assert rows == [("production", 2, 0), ("staging", 0, 1), ("development", 1, 0)]
    assert listed["data"][2]["secret_scopes"] == ["development", "staging", "production"]
    assert bob.get(f"/v1/projects/{project}/environments").status == 404
