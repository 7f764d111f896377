"""Sending again what failed, by hand."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from time_machine import Traveller

from chalicelib import clock as clocks
from chalicelib.webhooks import deliveries
from tests.client import Client, Queue
from tests.webhooks.conftest import log, new, pass_time, send_test, until_next
from tests.webhooks.receiver import Receiver, status


def test_redelivered_with_the_same_id(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    delivery = send_test(ada, webhook)
    queue.run_to_the_end()
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{delivery}"
    assert ada.post(path + "/redeliver").json()["status"] == "pending"
    queue.run_to_the_end()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    found = ada.get(path).json()
    assert (found["status"], len(found["attempts"])) == ("delivered", 2)


def test_redelivered_many_times_at_once(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    delivery = send_test(ada, webhook)
    queue.run_to_the_end()
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{delivery}/redeliver"
    with ThreadPoolExecutor(8) as pool:
        statuses = {reply.status for reply in pool.map(lambda _: ada.post(path), range(8))}
    assert statuses <= {202, 409}
    queue.run_to_the_end(copies=2)
    assert len(receiver.received) == 2


def test_what_a_day_of_silence_missed_is_recovered(
    ada: Client,
    queue: Queue,
    receiver: Receiver,
    clock: Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deliveries, "SCHEDULE_SECONDS", (10,))
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    send_test(key, webhook)
    queue.run_to_the_end()
    since = clocks.now_ms()
    clock.shift(1)
    receiver.answers.extend([status(500)] * 2 * 35)
    missed = [send_test(key, webhook) for _ in range(35)]
    queue.run_to_the_end()
    assert len(receiver.received) == 1 + 2 * 35
    receiver.received.clear()
    path = f"/v1/webhooks/{webhook['id']}/recover"
    reply = key.post(path, {"since": clocks.rfc3339(since)})
    assert reply.status == 202, reply.text
    assert key.post(path, {"since": clocks.rfc3339(since)}).status == 202
    queue.run_to_the_end()
    arrived = [one.headers["X-Orbitra-Delivery"] for one in receiver.received]
    assert sorted(arrived) == sorted(missed)
    key.post(path, {"since": "2020-01-01T00:00:00Z"})
    queue.run_to_the_end()
    assert len(receiver.received) == 35


def test_what_waits_for_hours_is_recovered_at_once(
    ada: Client, queue: Queue, receiver: Receiver, clock: Traveller
) -> None:
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    receiver.answers.extend([status(500)] * 8)
    missed = send_test(key, webhook)
    queue.run_once()
    for _ in range(7):
        pass_time(clock, queue, until_next(webhook, missed))
    assert until_next(webhook, missed) > 36_000
    untried = send_test(key, webhook)
    queue.receive()
    reply = key.post(f"/v1/webhooks/{webhook['id']}/recover", {"since": "2020-01-01T00:00:00Z"})
    assert reply.status == 202, reply.text
    queue.run_once()
    queue.run_once()
    assert {one["id"]: one["status"] for one in log(key, webhook)} == {
        missed: "delivered",
        untried: "pending",
    }


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01", 1, "2099-01-01T00:00:00Z", None])
def test_since_when(ada: Client, webhook: dict[str, Any], since: Any) -> None:
    refused = ada.post(f"/v1/webhooks/{webhook['id']}/recover", {"since": since})
    assert refused.status == 400
    assert refused.json()["error"]["details"]["fields"][0]["field"] == "since"
