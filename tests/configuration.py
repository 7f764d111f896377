"""A project with one web service, and what its configuration is asked for."""

from dataclasses import dataclass
from typing import Any

from tests.client import Client, Queue

URL = "http://127.0.0.1:1/user/repo.git"


@dataclass
class Configured:
    """``path`` is the service's, ``secrets`` that of the project's secrets."""

    client: Client
    queue: Queue
    project_id: str
    service_id: str

    @classmethod
    def make(cls, client: Client, queue: Queue, name: str = "api", **fields: Any) -> "Configured":
        project = client.post("/api/projects", {"name": name}).json()["id"]
        return cls(client, queue, project, new_service(client, project, name=name, **fields))

    @property
    def path(self) -> str:
        return f"/api/web-services/{self.service_id}"

    @property
    def env(self) -> str:
        return f"{self.path}/env"

    @property
    def bindings(self) -> str:
        return f"{self.path}/secret-bindings"

    @property
    def secrets(self) -> str:
        return f"/api/projects/{self.project_id}/secrets"

    @property
    def is_pending(self) -> bool:
        return bool(self.client.get(self.path).json()["config_pending"])

    def variables(self) -> list[Any]:
        rows: list[Any] = self.client.get(self.env).json()["environment_variables"]
        return rows

    def values(self) -> dict[str, str]:
        rows = self.client.get(f"{self.env}/reveal-all").json()["environment_variables"]
        return {one["key"]: one["value"] for one in rows}

    def resolved(self) -> dict[str, Any]:
        reply = self.client.get(f"{self.bindings}/resolved?reveal=true")
        assert reply.status == 200, reply.text
        return {one["key"]: one for one in reply.json()["variables"]}

    def set(self, key: str, value: str, *, is_secret: bool = False) -> Any:
        body = {"key": key, "value": value, "is_secret": is_secret}
        reply = self.client.post(self.env, body)
        assert reply.status == 201, reply.text
        return reply.json()

    def secret(self, key: str, value: str, scope: str = "production", **more: Any) -> Any:
        body = {"key": key, "value": value, "scope": scope, **more}
        reply = self.client.post(self.secrets, body)
        assert reply.status == 201, reply.text
        return reply.json()

    def bind(self, secret: Any, alias: str | None = None) -> Any:
        body = {"project_secret_id": secret["id"], **({"alias_key": alias} if alias else {})}
        reply = self.client.post(self.bindings, body)
        assert reply.status == 201, reply.text
        return reply.json()

    def deploy(self, branch: str = "main") -> str:
        """Deploy to the end; the deployment's id."""
        reply = self.client.post(f"{self.path}/deploy", {"branch": branch})
        assert reply.status == 201, reply.text
        self.queue.run_to_the_end()
        return str(reply.json()["id"])

    def restart(self) -> None:
        assert self.client.post(f"{self.path}/restart").status == 200
        self.queue.run_to_the_end()


def new_service(client: Client, project_id: str, **fields: Any) -> str:
    body = {"name": "api", "project_id": project_id, "git_repository_url": URL, **fields}
    made = client.post("/api/web-services", body)
    assert made.status == 201, made.text
    return str(made.json()["id"])
