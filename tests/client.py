"""Clients of the app under test: the gateway of the local run, without a socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.settings import settings
from local.gateway import Gateway


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Client:
    gateway: Gateway
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, target: str, body: Any = None, **headers: str) -> Reply:
        """Bytes are sent as they are, anything else as JSON."""
        plain = isinstance(body, bytes)
        sent = body if plain else b"" if body is None else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.gateway.handle(method, target, {**self.headers, **given}, sent, "192.0.2.1")
        return Reply(answer[0], answer[1], answer[2].decode())

    def get(self, target: str, **headers: str) -> Reply:
        return self.call("GET", target, None, **headers)

    def post(self, target: str, body: Any = None, **headers: str) -> Reply:
        return self.call("POST", target, body, **headers)

    def put(self, target: str, body: Any = None, **headers: str) -> Reply:
        return self.call("PUT", target, body, **headers)

    def patch(self, target: str, body: Any = None, **headers: str) -> Reply:
        return self.call("PATCH", target, body, **headers)

    def delete(self, target: str, **headers: str) -> Reply:
        return self.call("DELETE", target, None, **headers)

    def bearer(self, credential: str) -> "Client":
        return Client(self.gateway, {"Authorization": f"Bearer {credential}"})

    def register(self, email: str, password: str = "correct horse battery") -> "Client":
        body = {"email": email, "password": password, "name": email.partition("@")[0]}
        reply = self.post("/api/auth/register", body)
        assert reply.status == 201, reply.text
        return self.bearer(reply.json()["access_token"])

    def key(self, scope: str) -> "Client":
        reply = self.post("/api/api-keys", {"name": scope, "scope": scope})
        assert reply.status == 201, reply.text
        return self.bearer(reply.json()["plaintext_key"])


def make_client() -> Client:
    import app

    return Client(Gateway(app.app))


class Queue:
    """The job queue, pumped by hand; delays are passed over."""

    def receive(self, name: str = "queue_url") -> list[dict[str, Any]]:
        """Take all messages out of the queue, the delayed ones too."""
        from moto.sqs.models import sqs_backends

        url = getattr(settings(), name)
        backend = sqs_backends["123456789012"]["us-east-1"]
        queue = backend.queues[url.rpartition("/")[2]]
        taken = list(queue._messages)
        queue._messages.clear()
        return [{"messageId": one.id, "body": one.body} for one in taken]

    def dead(self) -> list[dict[str, Any]]:
        return self.receive("dead_letters_url")

    def run_once(self, copies: int = 1) -> int:
        """Deliver what is there now; how many messages it was."""
        messages = self.receive()
        for message in messages * copies:
            self.deliver(message)
        return len(messages)

    def run_to_the_end(self, copies: int = 1) -> None:
        """Deliver until nothing is left; jobs that wait are made due."""
        for _ in range(200):
            make_due()
            if not self.run_once(copies):
                return
        raise AssertionError("the jobs do not come to an end")

    def deliver(self, message: dict[str, Any]) -> list[str]:
        """Hand one message to the worker; the ids of what it keeps."""
        import app

        answer = app.work({"Records": [message]}, None)
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def make_due() -> None:
    """Let every unfinished job that nobody holds run now; in moto itself, as it is done often."""
    from moto.dynamodb.models import dynamodb_backends

    tables = dynamodb_backends["123456789012"]["us-east-1"].tables
    jobs = tables[f"{settings().table_prefix}jobs"]
    for item in (one for rows in jobs.items.values() for one in rows.values()):
        if "shard" in item.attrs and "lease_until" not in item.attrs:
            item.attrs["run_at"].value = "0"
