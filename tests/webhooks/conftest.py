"""A receiver, and a webhook that leads to it."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from time_machine import Traveller

from chalicelib import clock as clocks
from chalicelib.jobs import sweep
from chalicelib.webhooks import store
from chalicelib.webhooks.store import Webhook
from tests.client import Client, Queue
from tests.webhooks.receiver import Receiver

Resolve = Callable[..., list[str]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    server = made.start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Lets names lead to these addresses, in turns; answers the list of what was looked up."""

    def _resolves(*turns: list[str]) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            asked.append(host)
            found = turns[min(len(asked), len(turns)) - 1]
            return [(0, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return _resolves


@pytest.fixture
def webhook(ada: Client, receiver: Receiver) -> dict[str, Any]:
    return new(ada, receiver.url)


def new(client: Client, url: str, *events: str) -> dict[str, Any]:
    """A webhook of the client's workspace."""
    reply = client.post("/v1/webhooks", {"url": url, "events": list(events) or ["*"]})
    assert reply.status == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def log(client: Client, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """The webhook's deliveries, newest first."""
    found = client.get(f"/v1/webhooks/{webhook['id']}/deliveries?limit=100")
    assert found.status == 200, found.text
    rows: list[dict[str, Any]] = found.json()["data"]
    return rows


def send_test(client: Client, webhook: dict[str, Any]) -> str:
    """Let a test event be sent; the delivery's id."""
    reply = client.post(f"/v1/webhooks/{webhook['id']}/test")
    assert reply.status == 202, reply.text
    return str(reply.json()["id"])


def pass_time(clock: Traveller, queue: Queue, seconds: float) -> None:
    """Let time pass as it does in the cloud: the sweep finds what is due."""
    clock.shift(seconds + 31)
    sweep.sweep()
    queue.run_once()


def until_next(webhook: dict[str, Any], delivery: str) -> float:
    """The seconds until the next attempt, while there is one."""
    [kept] = Webhook.scan(Webhook.sk == webhook["id"])
    found = store.delivery(kept.tenant, webhook["id"], delivery)
    assert found
    assert found.status == "pending"
    assert found.next_attempt_at
    return float(found.next_attempt_at) / 1000 - clocks.now()
