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


def test_a_project_is_told_of(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    project = ada.post("/v1/projects", {"name": "Café ☕ <b>", "region": "eu-west-1"}).json()
    queue.run_to_the_end()
    [received] = receiver.received
    assert received.path == "/hook?a=1"
    assert received.json()["event"] == "project.created"
    assert received.json()["data"] == {
        "project_id": project["id"],
        "id": project["id"],
        "name": "Café ☕ <b>",
        "status": "active",
        "region": "eu-west-1",
    }
    assert "Café ☕".encode() in received.body
    assert received.headers["X-Orbitra-Event"] == "project.created"
    [told] = log(ada, webhook)
    assert told["status"] == "delivered"
    assert told["id"] == received.headers["X-Orbitra-Delivery"]
    assert told["event_id"] == received.headers["webhook-id"]
    assert told["request"]["body"].encode() == received.body
    assert told["request"]["headers"]["X-Orbitra-Signature"]
    [attempt] = told["attempts"]
    assert (attempt["status_code"], attempt["response"], attempt["error"]) == (200, "ok", None)


def test_the_life_of_a_service_is_told(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    body = {"git_url": "http://127.0.0.1/repo.git"}
    deployment = ada.post(f"/v1/projects/{project}/deployments", body).json()
    queue.run_to_the_end()
    path = f"/api/web-services/{deployment['service_id']}"
    for action in ("stop", "start", "restart"):
        reply = ada.post(f"{path}/{action}")
        assert reply.status == 200, reply.text
        queue.run_to_the_end()
    ada.delete(f"/v1/projects/{project}")
    queue.run_to_the_end()
    events = [one.json()["event"] for one in receiver.received]
    assert sorted(events) == sorted(
        [
            "project.created",
            "service.created",
            "deployment.created",
            "deployment.succeeded",
            "service.started",
            "service.stopped",
            "service.started",
            "project.deleted",
            "service.deleted",
        ]
    )
    told = next(one for one in receiver.received if "succeeded" in one.json()["event"])
    data = told.json()["data"]
    assert data["deployment_id"] == data["id"] == deployment["id"]
    assert (data["status"], data["name"]) == ("live", "app")
    assert isinstance(data["duration_ms"], int)


def test_failed_and_canceled_deployments_are_told(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    body = {"git_url": "http://127.0.0.1/repo.git", "branch": "fail-build"}
    ada.post(f"/v1/projects/{project}/deployments", body)
    queue.run_to_the_end()
    second = ada.post(f"/v1/projects/{project}/deployments", {**body, "branch": "main"}).json()
    ada.post(f"/v1/deployments/{second['id']}/cancel")
    queue.run_to_the_end()
    said = {one.json()["event"]: one.json()["data"] for one in receiver.received}
    assert said["deployment.failed"]["error_message"]
    assert said["deployment.canceled"]["id"] == second["id"]


def test_only_what_it_listens_to(ada: Client, queue: Queue, receiver: Receiver) -> None:
    new(ada, receiver.url, "project.deleted", "deployment.failed")
    project = ada.post("/v1/projects", {"name": "app"}).json()["id"]
    ada.delete(f"/v1/projects/{project}")
    queue.run_to_the_end()
    assert [one.json()["event"] for one in receiver.received] == ["project.deleted"]


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
