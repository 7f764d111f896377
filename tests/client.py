"""Clients of the app under test: the gateway of the local run, without a socket."""

import json
from dataclasses import dataclass, field
from typing import Any

from chalicelib import aws
from chalicelib.settings import settings
from local.gateway import Gateway


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
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
    """The job queue, pumped by hand."""

    def receive(self) -> list[dict[str, Any]]:
        answer = aws.client("sqs").receive_message(
            QueueUrl=settings().queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            aws.client("sqs").delete_message(
                QueueUrl=settings().queue_url, ReceiptHandle=message["ReceiptHandle"]
            )
        return messages

    def deliver(self, message: dict[str, Any]) -> list[str]:
        import app

        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
        }
        answer = app.work({"Records": [record]}, None)
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]
