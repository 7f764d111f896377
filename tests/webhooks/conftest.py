"""A receiver, and a webhook that leads to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import Client
from tests.webhooks.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    server = made.start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def webhook(ada: Client, receiver: Receiver) -> dict[str, Any]:
    return new(ada, receiver.url)


def new(client: Client, url: str, *events: str) -> dict[str, Any]:
    """A webhook of the client's workspace."""
    reply = client.post("/v1/webhooks", {"url": url, "events": list(events) or ["*"]})
    assert reply.status == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made
