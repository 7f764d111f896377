"""The queue pump: what SQS and Lambda do between a message and its Chalice handler."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalice.local import LambdaContext

from chalicelib import aws

BATCH = 10
WORKERS = 4
IDLE_SECONDS = 1.0  # how often an idle queue is looked at: delayed messages announce nothing
TIMEOUT_MS = 60_000
SENDING = ("after-call.sqs.SendMessage", "after-call.sqs.SendMessageBatch")

Message = dict[str, Any]
Handler = Callable[[dict[str, Any], Any], Any]

log = logging.getLogger(__name__)


class QueuePump:
    """Passes the messages of one queue to a handler, in batches of up to ten.

    What the handler names in ``batchItemFailures`` stays in the queue, and everything does when
    it raises; the rest is deleted. It sleeps until something is sent in this process, and looks
    every second for what was delayed.
    """

    def __init__(self, queue_url: str, handler: Handler) -> None:
        self._client = aws.client("sqs")
        self._queue_url = queue_url
        self._handler = handler
        self._arn = _arn(self._client, queue_url)
        self._wake = threading.Event()
        self._free = threading.Semaphore(WORKERS)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="job")

    def run(self, stop: threading.Event) -> None:
        """Pump until told to stop, then wait for the batches that are being handled."""
        events = self._client.meta.events
        for sending in SENDING:
            events.register(sending, self._sent)
        self._pump(stop)
        for sending in SENDING:
            events.unregister(sending, self._sent)
        self._workers.shutdown()

    def _pump(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._free.acquire()
            self._wake.clear()  # before looking, so that a message sent meanwhile is not missed
            if messages := self._receive_safely():
                self._workers.submit(self._work, messages)
            else:
                self._free.release()
                self._wake.wait(IDLE_SECONDS)

    def drain(self) -> int:
        """Handle here and now all that can be received; gives the number of messages.

        For tests, which call it instead of ``run``.
        """
        handled = 0
        while messages := self._receive():
            self._handle(messages)
            handled += len(messages)
        return handled

    def _sent(self, **_: Any) -> None:
        self._wake.set()

    def _work(self, messages: list[Message]) -> None:
        try:
            self._handle(messages)
        except Exception:
            log.exception("a batch of %s was not finished", self._arn)
        finally:
            self._free.release()

    def _receive_safely(self) -> list[Message]:
        try:
            return self._receive()
        except Exception:
            log.exception("%s cannot be read", self._arn)
            return []

    def _receive(self) -> list[Message]:
        """The next messages. Never a long poll: it would hold moto's lock all the while."""
        answer = self._client.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        received: list[Message] = answer.get("Messages", [])
        return received

    def _handle(self, messages: list[Message]) -> None:
        event = {"Records": [_record(message, self._arn) for message in messages]}
        context = LambdaContext("jobs", memory_size=512, max_runtime_ms=TIMEOUT_MS)
        try:
            kept = _failures(self._handler(event, context), messages)
        except Exception:
            log.exception("the handler of %s failed", self._arn)
            return
        self._delete([message for message in messages if message["MessageId"] not in kept])

    def _delete(self, done: list[Message]) -> None:
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(done)
        ]
        if entries:
            self._client.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)


def _arn(client: Any, queue_url: str) -> str:
    answer = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _record(message: Message, arn: str) -> dict[str, Any]:
    """A message as Lambda gives it to a function.

    See https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html for its shape.
    """
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": _message_attributes(message),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _message_attributes(message: Message) -> dict[str, Any]:
    return {
        name: {key[0].lower() + key[1:]: part for key, part in value.items()}
        for name, value in message.get("MessageAttributes", {}).items()
    }


def _failures(answer: Any, messages: list[Message]) -> set[str]:
    """The ids to keep; all of them when the answer names one that was not sent, as in Lambda."""
    failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures") or []}
    sent = {message["MessageId"] for message in messages}
    return failed if failed <= sent else sent
