"""Events on their way: what is sent, when it is sent again, and when no more."""

import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from time_machine import Traveller

from chalicelib.webhooks import deliveries, sender
from tests.client import Client, Queue
from tests.mail import outbox
from tests.webhooks.conftest import log, new, pass_time, send_test, until_next
from tests.webhooks.receiver import Receiver, status

HUGE_DATE = "Fri, 99999999999 Jan 2100 00:00:00 GMT"
SCHEDULE = [10, 60, 300, 1_800, 3_600, 10_800, 25_200, 43_200]


def test_the_schedule_to_its_end(
    ada: Client, queue: Queue, receiver: Receiver, clock: Traveller
) -> None:
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    receiver.answers.extend([status(500, "no")] * 9)
    delivery = send_test(key, webhook)
    queue.run_once()
    for planned in SCHEDULE:
        seconds = until_next(webhook, delivery)
        assert 0.88 * planned <= seconds <= 1.11 * planned + 1
        pass_time(clock, queue, seconds)
    [told] = log(key, webhook)
    assert (told["status"], told["next_attempt_at"]) == ("failed", None)
    assert [one["status_code"] for one in told["attempts"]] == [500] * 9
    assert len(receiver.received) == 9
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.received}) == 9
    pass_time(clock, queue, 86_400)
    assert len(receiver.received) == 9


def test_it_arrives_after_failures(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    receiver.answers.extend([status(500), status(302, Location="http://127.0.0.1:1/")])
    send_test(ada, webhook)
    queue.run_once()
    assert ada.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"]
    queue.run_to_the_end()
    [told] = log(ada, webhook)
    assert told["status"] == "delivered"
    assert [one["status_code"] for one in told["attempts"]] == [500, 302, 200]
    assert ada.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"] is None


@pytest.mark.parametrize("form", ["120", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_retry_after_is_honoured(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any], form: str
) -> None:
    receiver.answers.append(status(503, Retry_After=form))
    delivery = send_test(ada, webhook)
    queue.run_once()
    asked = 120 if form == "120" else 86_400
    assert asked - 5 <= until_next(webhook, delivery) <= asked + 5


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "٣", "Fri, 01 Jan 1990 00:00:00 GMT", HUGE_DATE]
)
def test_a_retry_after_that_says_nothing(text: str) -> None:
    assert deliveries.asked_to_wait(text) <= 10


def test_gone_disables_it_and_the_owner_is_told(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    receiver.answers.append(status(410))
    send_test(ada, webhook)
    queue.run_to_the_end()
    found = ada.get(f"/v1/webhooks/{webhook['id']}").json()
    assert found["enabled"] is False
    assert "410" in found["disabled_reason"]
    letter = outbox.last("ada@example.com")
    assert webhook["id"] in letter.text
    ada.post("/v1/projects", {"name": "app"})
    queue.run_to_the_end()
    assert len(receiver.received) == 1
    enabled = ada.patch(f"/v1/webhooks/{webhook['id']}", {"enabled": True}).json()
    assert (enabled["enabled"], enabled["disabled_reason"]) == (True, None)


def test_five_days_of_failing_disable_it(
    ada: Client, queue: Queue, receiver: Receiver, clock: Traveller
) -> None:
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    receiver.answers.extend([status(500)] * 30)
    send_test(key, webhook)
    queue.run_once()
    clock.shift(4.9 * 86_400)
    send_test(key, webhook)
    queue.run_once()
    assert key.get(f"/v1/webhooks/{webhook['id']}").json()["enabled"] is True
    clock.shift(0.2 * 86_400)
    send_test(key, webhook)
    queue.run_once()
    queue.run_to_the_end()
    assert key.get(f"/v1/webhooks/{webhook['id']}").json()["enabled"] is False
    assert {one["status"] for one in log(key, webhook)} == {"failed"}
    assert "5 days" in outbox.last("ada@example.com").text


def test_deleted_while_it_is_tried(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    receiver.answers.extend([status(500)] * 20)
    send_test(ada, webhook)
    queue.run_once()
    ada.delete(f"/v1/webhooks/{webhook['id']}")
    queue.run_to_the_end()
    assert len(receiver.received) == 1


def test_the_log_is_read_by_pages(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    made = [send_test(ada, webhook) for _ in range(5)]
    queue.run_to_the_end()
    path, cursor, seen = f"/v1/webhooks/{webhook['id']}/deliveries?limit=2", "", []
    while True:
        page = ada.get(path + cursor).json()
        seen += [one["id"] for one in page["data"]]
        if page["pagination"]["next_cursor"] is None:
            break
        cursor = "&cursor=" + page["pagination"]["next_cursor"]
    assert seen == made[::-1]


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    try:
        while True:
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


def flood(handler: BaseHTTPRequestHandler) -> None:
    """Answer with a gigabyte."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    try:
        for _ in range(1024):
            handler.wfile.write(b"x" * 2**20)
    except OSError:
        pass


def nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def test_answers_that_never_end_or_are_none(
    ada: Client,
    queue: Queue,
    receiver: Receiver,
    webhook: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "SECONDS", 0.5)
    receiver.answers.extend([drip, nonsense, flood])
    send_test(ada, webhook)
    queue.run_to_the_end()
    [told] = log(ada, webhook)
    slow, odd, large = told["attempts"]
    assert "no answer within" in slow["error"]
    assert odd["error"] == "The answer was not HTTP"
    assert large["status_code"] == 200
    assert len(large["response"]) == sender.SHOWN_CHARACTERS


def test_a_batch_is_delivered_at_once(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    import app

    together = threading.Barrier(4, timeout=10)

    def wait(handler: BaseHTTPRequestHandler) -> None:
        together.wait()
        status(200)(handler)

    receiver.answers.extend([wait] * 4)
    for _ in range(4):
        send_test(ada, webhook)
    app.work({"Records": queue.receive()}, None)
    assert {one["status"] for one in log(ada, webhook)} == {"delivered"}
