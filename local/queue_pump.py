"""Lambda's event source mapping in this process: SQS messages become calls of the worker."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib import aws

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], Any], Any]
IDLE_SECONDS = 1.0
BATCH = 10
WORKERS = 4


class QueuePump:
    """Receives from a queue and hands each message on; what fails stays in the queue.

    It sleeps until something is sent in this process, and looks every second for what was delayed.
    """

    def __init__(self, queue_url: str, handler: Handler) -> None:
        self._queue_url = queue_url
        self._handler = handler
        self._news = threading.Event()
        self._free = threading.Semaphore(WORKERS)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="job")
        self._sqs = aws.client("sqs")
        self._sqs.meta.events.register("after-call.sqs.SendMessage", self._wake)

    def run(self, stop: threading.Event) -> None:
        """Pump until told to stop."""
        while not stop.is_set():
            self._news.clear()
            if not self._receive():
                self._news.wait(IDLE_SECONDS)

    def _wake(self, **_: Any) -> None:
        self._news.set()

    def _receive(self) -> bool:
        """Take what is there, no more than there are workers for."""
        self._free.acquire()
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=BATCH,
                WaitTimeSeconds=0,
                AttributeNames=["ApproximateReceiveCount"],
            )
        finally:
            self._free.release()
        messages = answer.get("Messages", [])
        for message in messages:
            self._free.acquire()
            self._pool.submit(self._work, message)
        return bool(messages)

    def _work(self, message: dict[str, Any]) -> None:
        try:
            self._deliver(message)
        except Exception:
            log.exception("the worker failed")
        finally:
            self._free.release()

    def _deliver(self, message: dict[str, Any]) -> None:
        answer = self._handler({"Records": [_record(message)]}, None)
        if not (answer or {}).get("batchItemFailures"):
            receipt = message["ReceiptHandle"]
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=receipt)


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "eventSource": "aws:sqs",
    }
