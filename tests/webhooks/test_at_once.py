"""Many deliveries of one webhook at the same time, and what comes between."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any
from unittest.mock import patch

import pytest
from standardwebhooks import Webhook as Verifier
from time_machine import Traveller

from chalicelib import clock as clocks
from chalicelib.jobs import worker
from chalicelib.webhooks import deliveries, sender, store
from chalicelib.webhooks.store import Webhook
from tests.client import Client, Queue
from tests.faults import before, fault, refusing
from tests.mail import outbox
from tests.webhooks.conftest import log, new, send_test
from tests.webhooks.receiver import Receiver, Respond, status

MANY = 40


def work(queue: Queue) -> None:
    """Do all that is in the queue at once."""
    assert worker.receive(queue.receive()) == []


def together(count: int, then: Respond) -> Respond:
    """Answer once so many requests are there."""
    barrier = threading.Barrier(count, timeout=30)

    def respond(handler: BaseHTTPRequestHandler) -> None:
        barrier.wait()
        then(handler)

    return respond


def many(ada: Client, webhook: dict[str, Any]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: send_test(ada, webhook), range(MANY)))


def test_forty_failures_are_all_recorded(
    ada: Client, queue: Queue, receiver: Receiver, clock: Traveller
) -> None:
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    many(key, webhook)
    receiver.answers.extend([together(MANY, status(500))] * MANY)
    began = clocks.now_ms()
    work(queue)
    told = log(key, webhook)
    assert [(one["status"], len(one["attempts"])) for one in told] == [("pending", 1)] * MANY
    [kept] = Webhook.scan(Webhook.sk == webhook["id"])
    assert kept.failing_since
    assert began <= kept.failing_since <= clocks.now_ms()
    queue.run_to_the_end()
    told = log(key, webhook)
    assert [(one["status"], len(one["attempts"])) for one in told] == [("delivered", 2)] * MANY
    assert key.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"] is None
    assert queue.dead() == []


def test_transactions_on_the_webhook_do_not_hinder_its_deliveries(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    receiver.answers.append(status(500))
    send_test(ada, webhook)
    conflict = refusing("TransactionConflictException")
    with fault(conflict, operation="UpdateItem", skip=1, times=1):
        queue.run_once()
    [told] = log(ada, webhook)
    assert len(told["attempts"]) == len(receiver.received) == 1
    assert ada.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"]


def test_gone_while_others_are_on_their_way(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    many(ada, webhook)
    receiver.answers.extend([together(MANY, status(410))] * MANY)
    work(queue)
    queue.run_to_the_end()
    told = log(ada, webhook)
    assert {one["status"] for one in told} == {"failed"}
    assert {one["attempts"][0]["status_code"] for one in told} == {410}
    assert len(receiver.received) == MANY
    assert ["disabled" in mail.subject for mail in outbox.sent()].count(True) == 1


def test_a_worker_that_dies_before_it_records(
    ada: Client, queue: Queue, receiver: Receiver, clock: Traveller
) -> None:
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    queue.run_to_the_end()
    send_test(key, webhook)
    [message] = queue.receive()

    class Killed(BaseException):
        """Nothing of ours catches it, as nothing catches a kill."""

    with patch.object(deliveries, "_note", side_effect=Killed), pytest.raises(Killed):
        queue.deliver(message)
    [told] = log(key, webhook)
    assert (told["status"], told["attempts"]) == ("pending", [])
    clock.shift(worker.LEASE_SECONDS + 1)
    queue.deliver(message)
    [told] = log(key, webhook)
    assert (told["status"], len(told["attempts"])) == ("delivered", 1)
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len(receiver.received) == 2


def test_what_cannot_be_recorded_is_sent_again(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    send_test(ada, webhook)
    with fault(before, operation="TransactWriteItems", times=100):
        assert worker.receive(queue.receive()) != []
    assert log(ada, webhook)[0]["status"] == "pending"


def test_another_url_is_used_by_what_waits(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    receiver.answers.append(status(500))
    send_test(ada, webhook)
    queue.run_once()
    moved = receiver.url.replace("/hook", "/moved")
    assert ada.patch(f"/v1/webhooks/{webhook['id']}", {"url": moved}).status == 200
    queue.run_to_the_end()
    assert [one.path for one in receiver.received] == ["/hook?a=1", "/moved?a=1"]


def test_gone_from_where_it_does_not_lead_any_more(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    path = f"/v1/webhooks/{webhook['id']}"

    def move_and_be_gone(handler: BaseHTTPRequestHandler) -> None:
        moved = receiver.url.replace("/hook", "/moved")
        assert ada.patch(path, {"url": moved}).status == 200
        status(410)(handler)

    receiver.answers.append(move_and_be_gone)
    send_test(ada, webhook)
    queue.run_to_the_end()
    assert ada.get(path).json()["enabled"] is True
    assert log(ada, webhook)[0]["status"] == "delivered"


def test_not_disabled_by_what_is_long_over(
    ada: Client, queue: Queue, receiver: Receiver, clock: Traveller
) -> None:
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    receiver.answers.append(status(500))
    send_test(key, webhook)
    queue.run_once()
    clock.shift(6 * 86_400)
    send_test(key, webhook)

    def arrive_meanwhile(handler: BaseHTTPRequestHandler) -> None:
        [kept] = Webhook.scan(Webhook.sk == webhook["id"])
        store.note_success(kept)
        status(500)(handler)

    receiver.answers.append(arrive_meanwhile)
    queue.run_once()
    assert key.get(f"/v1/webhooks/{webhook['id']}").json()["enabled"] is True


def test_rotated_while_it_is_delivered(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    rotated: list[str] = []

    def rotate(handler: BaseHTTPRequestHandler) -> None:
        reply = ada.post(f"/v1/webhooks/{webhook['id']}/rotate-secret")
        rotated.append(reply.json()["secret"])
        status(500)(handler)

    receiver.answers.append(rotate)
    send_test(ada, webhook)
    queue.run_to_the_end()
    assert len(receiver.received) == 2
    for received in receiver.received:
        headers = {name.lower(): value for name, value in received.headers.items()}
        assert Verifier(webhook["secret"]).verify(received.body, headers)
    assert Verifier(rotated[0]).verify(received.body, headers)


def test_no_secret_is_logged_or_kept_in_the_open(
    ada: Client,
    queue: Queue,
    receiver: Receiver,
    webhook: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    rotated = ada.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").json()["secret"]
    receiver.answers.append(status(500))
    send_test(ada, webhook)
    queue.run_once()
    with patch.object(sender, "_post", side_effect=RuntimeError):
        queue.run_to_the_end()
    assert "job failed" in caplog.text
    audit = ada.get("/v1/audit-log").text
    assert '"rotate_webhook_secret"' in audit
    for secret in (webhook["secret"], rotated):
        for place in (caplog.text, audit, str(log(ada, webhook)), str(queue.dead())):
            assert secret.removeprefix("whsec_") not in place


def test_a_log_full_of_large_answers_fits_into_its_item(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    receiver.answers.extend([status(500, "👩" * 5_000)] * 40)
    delivery = send_test(ada, webhook)
    for _ in range(3):
        queue.run_to_the_end()
        ada.post(f"/v1/webhooks/{webhook['id']}/deliveries/{delivery}/redeliver")
    [told] = log(ada, webhook)
    assert len(told["attempts"]) == deliveries.KEPT_ATTEMPTS
    [kept] = Webhook.scan(Webhook.sk == webhook["id"])
    found = store.delivery(kept.tenant, webhook["id"], delivery)
    assert found
    assert len(str(found.serialize())) < 200_000
