"""The job that delivers: one attempt at a time, on the schedule, until it has arrived."""

import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from .. import clock, jobs
from ..jobs import Again, Job, LookAgain, Outcome
from ..mail import service as mail
from ..store.transaction import Transaction
from . import events, notice, secrets, sender, signing, store
from .sender import Answer
from .store import Delivery, Webhook

SCHEDULE_SECONDS = (10, 60, 300, 1_800, 3_600, 10_800, 25_200, 43_200)
JITTER = 0.1
LONGEST_SECONDS = 86_400
FAILING_DAYS = 5
KEPT_ATTEMPTS = 10
GONE = 410
NOT_SENT = Answer(0, error="It was not sent: the webhook is disabled")


def _give_up(job: Job, tx: Transaction) -> None:
    found = store.delivery(job.tenant, job.payload["webhook_id"], job.payload["delivery_id"])
    if found and found.job_id == job.id:
        _record(tx, found, {"status": "failed", "next_attempt_at": None})


@jobs.handler(events.KIND, give_up=_give_up)
def deliver(job: Job, tx: Transaction) -> Outcome:
    """Make one attempt. A delivery that another job has taken over is left to it."""
    webhook_id, delivery_id = job.payload["webhook_id"], job.payload["delivery_id"]
    delivery = store.delivery(job.tenant, webhook_id, delivery_id)
    if delivery is None or delivery.job_id != job.id or delivery.status != "pending":
        return None
    webhook = Webhook.of(job.tenant, webhook_id)
    if webhook is None:
        tx.delete(delivery)
        return None
    return _attempt(tx, webhook, delivery)


def _attempt(tx: Transaction, webhook: Webhook, delivery: Delivery) -> Outcome:
    answer = _sent(webhook, delivery) if webhook.is_enabled else NOT_SENT
    _note(delivery, answer)
    if answer.is_success:
        store.note_success(webhook)
        _record(tx, delivery, {"status": "delivered", "next_attempt_at": None})
        return None
    tries = int(delivery.tries) + 1
    if tries > len(SCHEDULE_SECONDS) or not _goes_on(webhook, answer):
        _record(tx, delivery, {"status": "failed", "next_attempt_at": None})
        return None
    seconds = _pause(tries, answer)
    next_attempt_at = clock.now_ms() + int(seconds * 1000)
    _record(tx, delivery, {"tries": tries, "next_attempt_at": next_attempt_at})
    return Again(seconds)


def _sent(webhook: Webhook, delivery: Delivery) -> Answer:
    delivery.sent_headers = _headers(webhook, delivery)
    return sender.send(webhook.url, delivery.sent_headers, delivery.body.encode())


def _headers(webhook: Webhook, delivery: Delivery) -> dict[str, str]:
    held, body, now = secrets.held(webhook), delivery.body.encode(), clock.now()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Orbitra-Webhooks",
        "X-Orbitra-Event": delivery.event,
        "X-Orbitra-Delivery": delivery.id,
        "X-Orbitra-Signature": signing.plain(held[0], body),
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signing.standard(held, delivery.event_id, now, body),
    }


def _note(delivery: Delivery, answer: Answer) -> None:
    """Put this attempt beside the last ones."""
    attempt = {
        "at": clock.now_ms() - answer.duration_ms,
        "duration_ms": answer.duration_ms,
        "status_code": answer.status,
        "response": answer.body,
        "error": answer.error,
    }
    delivery.attempts = [*delivery.attempts, attempt][-KEPT_ATTEMPTS:]


def _goes_on(webhook: Webhook, answer: Answer) -> bool:
    """Whether another attempt may help: not when the webhook is disabled."""
    if not webhook.is_enabled:
        return False
    if answer.status == GONE:
        return not _disable(webhook, "Its receiver answered 410 Gone")
    since = store.note_failure(webhook)
    if since is None or clock.now_ms() - since < FAILING_DAYS * 86_400_000:
        return True
    return not _disable(webhook, f"All its deliveries have failed for {FAILING_DAYS} days")


def _disable(webhook: Webhook, reason: str) -> bool:
    """Send it nothing more and tell the owner, once; False when it is not what it was.

    It is committed by itself, so that each attempt is recorded, whoever disables the webhook.
    """
    tx = Transaction()
    store.disable(tx, webhook, reason, otherwise=LookAgain())
    mail.send_later(tx, webhook.tenant, notice.PURPOSE, {"webhook_id": webhook.id})
    try:
        tx.commit()
    except LookAgain:
        return False
    return True


def _pause(tries: int, answer: Answer) -> float:
    """The seconds until the next attempt: the schedule's, or what the receiver asks for."""
    planned = SCHEDULE_SECONDS[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    return min(max(planned, asked_to_wait(answer.retry_after)), LONGEST_SECONDS)


def asked_to_wait(retry_after: str | None) -> float:
    """The seconds of a ``Retry-After``, a number or a date (RFC 9110 §10.2.3); 0 for neither."""
    if retry_after is None:
        return 0
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - clock.now()
    except (ValueError, OverflowError):
        return 0


def _record(tx: Transaction, delivery: Delivery, changes: dict[str, Any]) -> None:
    """Record what was done, unless another job has taken the delivery over meanwhile."""
    told = {"attempts": delivery.attempts, "sent_headers": delivery.sent_headers, **changes}
    tx.change(delivery, told, Delivery.job_id == delivery.job_id, LookAgain())
