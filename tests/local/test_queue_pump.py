"""The queue pump: what is done goes, what failed stays, and an idle queue costs nothing."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chalice.app import Chalice, SQSEvent

from chalicelib.aws import client
from local import aws as local_aws
from local import queue_pump
from local.queue_pump import QueuePump

Pumps = Callable[[Any], QueuePump]


@pytest.fixture
def sqs() -> Any:
    local_aws.reset()
    return client("sqs")


@pytest.fixture
def send(sqs: Any) -> Callable[..., str]:
    def _send(body: str, **more: Any) -> str:
        url = os.environ["ORBITRA_QUEUE_URL"]
        return str(sqs.send_message(QueueUrl=url, MessageBody=body, **more)["MessageId"])

    return _send


@pytest.fixture
def pump(sqs: Any) -> Pumps:
    """Makes a pump that is not started."""
    return lambda handler: QueuePump(os.environ["ORBITRA_QUEUE_URL"], handler)


@pytest.fixture
def running(pump: Pumps, send: Callable[..., str]) -> Iterator[Callable[[Any], None]]:
    """Runs a pump until the test ends."""
    stop, threads = threading.Event(), []

    def _running(handler: Any) -> None:
        threads.append(threading.Thread(target=pump(handler).run, args=(stop,)))
        threads[-1].start()

    yield _running
    stop.set()
    send("the last one wakes it")
    for each in threads:
        each.join()


def left(sqs: Any) -> int:
    """How many messages the queue holds, received ones included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(
        QueueUrl=os.environ["ORBITRA_QUEUE_URL"], AttributeNames=names
    )["Attributes"]
    return sum(map(int, attributes.values()))


def eventually(condition: Callable[[], Any], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.005)


def test_the_event_is_what_chalice_expects(sqs: Any, send: Any, pump: Pumps) -> None:
    app = Chalice("app")
    seen: list[Any] = []

    @app.on_sqs_message(queue="jobs")
    def work(event: SQSEvent) -> None:
        seen.extend(event)

    attribute = {"DataType": "String", "StringValue": "x"}
    message_id = send("hello", MessageAttributes={"kind": attribute})
    assert pump(work).drain() == 1
    [record] = seen
    raw = record.to_dict()
    assert record.body == "hello"
    assert record.context.get_remaining_time_in_millis() > 0
    assert raw["messageId"] == message_id
    assert raw["receiptHandle"] == record.receipt_handle
    assert raw["attributes"]["ApproximateReceiveCount"] == "1"
    assert raw["messageAttributes"]["kind"]["stringValue"] == "x"
    assert raw["eventSource"] == "aws:sqs"
    assert raw["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:orbitra-local-jobs"
    assert raw["awsRegion"] == "us-east-1"
    assert left(sqs) == 0


def test_drain_handles_everything_in_batches(sqs: Any, send: Any, pump: Pumps) -> None:
    sizes = []
    for number in range(23):
        send(str(number))
    assert pump(lambda event, _: sizes.append(len(event["Records"]))).drain() == 23
    assert sorted(sizes) == [3, 10, 10]
    assert left(sqs) == 0


def test_failures_stay(sqs: Any, send: Any, pump: Pumps) -> None:
    send("good")
    bad = send("bad")

    def work(event: Any, _: Any) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": bad}]}

    assert pump(work).drain() == 2
    assert left(sqs) == 1


@pytest.mark.parametrize("named", ["", None, "unknown"])
def test_a_failure_nobody_knows_keeps_all(sqs: Any, send: Any, pump: Pumps, named: Any) -> None:
    send("a")
    pump(lambda *_: {"batchItemFailures": [{"itemIdentifier": named}]}).drain()
    assert left(sqs) == 1


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}])
def test_no_failures(sqs: Any, send: Any, pump: Pumps, answer: Any) -> None:
    send("a")
    pump(lambda *_: answer).drain()
    assert left(sqs) == 0


@pytest.mark.parametrize("answer", ["text", {"batchItemFailures": [{}]}, {"batchItemFailures": 1}])
def test_a_malformed_answer_keeps_all(sqs: Any, send: Any, pump: Pumps, answer: Any) -> None:
    send("a")
    pump(lambda *_: answer).drain()
    assert left(sqs) == 1


def test_an_exception_keeps_all_and_the_pump_goes_on(sqs: Any, send: Any, running: Any) -> None:
    seen = []

    def work(event: Any, _: Any) -> None:
        seen.append(event["Records"][0]["body"])
        raise RuntimeError("it broke")

    running(work)
    send("a")
    eventually(lambda: seen == ["a"])
    send("b")
    eventually(lambda: seen == ["a", "b"])
    assert left(sqs) == 2


@pytest.fixture
def hardly_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_pump, "IDLE_SECONDS", 60)


@pytest.mark.usefixtures("hardly_looks")
def test_a_message_is_handled_at_once(send: Any, running: Any) -> None:
    handled = threading.Event()
    running(lambda *_: handled.set())
    time.sleep(0.1)  # the pump has looked and sleeps
    send("a")
    assert handled.wait(5)


@pytest.mark.usefixtures("hardly_looks")
def test_a_batch_wakes_it_too(sqs: Any, running: Any) -> None:
    handled = threading.Event()
    running(lambda *_: handled.set())
    time.sleep(0.1)
    entries = [{"Id": "1", "MessageBody": "a"}]
    sqs.send_message_batch(QueueUrl=os.environ["ORBITRA_QUEUE_URL"], Entries=entries)
    assert handled.wait(5)


def test_delayed_messages_are_found(send: Any, running: Any) -> None:
    handled = threading.Event()
    running(lambda *_: handled.set())
    send("a", DelaySeconds=1)
    assert not handled.wait(0.7)
    assert handled.wait(5)


def test_batches_run_side_by_side_but_not_more_than_four(send: Any, running: Any) -> None:
    begun, release = [], threading.Event()

    def work(*_: Any) -> None:
        begun.append(1)
        release.wait(10)

    for number in range(60):
        send(str(number))
    running(work)
    eventually(lambda: len(begun) == 4)
    time.sleep(0.2)
    release.set()
    assert len(begun) == 4


def test_an_idle_queue_is_left_alone(sqs: Any, running: Any) -> None:
    looks = []
    sqs.meta.events.register("before-call.sqs.ReceiveMessage", lambda **_: looks.append(1))
    running(lambda *_: None)
    time.sleep(1.5)
    assert len(looks) <= 2


def test_a_failing_queue_does_not_end_it(sqs: Any, send: Any, running: Any) -> None:
    handled, failures = threading.Event(), iter(["once"])

    def fail(**_: Any) -> None:
        if next(failures, None):
            raise OSError("no connection")

    sqs.meta.events.register("before-call.sqs.ReceiveMessage", fail)
    running(lambda *_: handled.set())
    time.sleep(0.1)
    send("a")
    assert handled.wait(5)


def test_stop_waits_for_what_runs(send: Any, pump: Pumps) -> None:
    begun, ended, stop = threading.Event(), [], threading.Event()

    def work(*_: Any) -> None:
        begun.set()
        time.sleep(0.2)
        ended.append(1)

    thread = threading.Thread(target=pump(work).run, args=(stop,))
    thread.start()
    send("a")
    assert begun.wait(5)
    stop.set()
    thread.join()
    assert ended == [1]
