"""Does jobs: lease, handle, commit the effect together with the end of the attempt."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pynamodb.expressions.update import Action

from .. import clock
from ..errors import ApiError
from ..store.transaction import Transaction
from . import queue
from .job import GRACE_MS, KEPT_SECONDS, Job, lease
from .registry import KINDS, LookAgain

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
MOST_FAILURES = 5
BACKOFF_SECONDS = (1, 5, 30, 120)


class _LeaseLost(Exception):
    """Another worker holds the job now; what we staged is not written."""


def receive(records: Sequence[dict[str, Any]]) -> list[str]:
    """Do the jobs of a batch of SQS records at once; the ids of the messages to be kept."""
    with ThreadPoolExecutor(len(records)) as pool:
        done = list(pool.map(_received, records))
    return [one["messageId"] for one, is_done in zip(records, done, strict=True) if not is_done]


def _received(record: dict[str, Any]) -> bool:
    try:
        run(json.loads(record["body"])["job_id"])
    except Exception:
        log.exception("message kept", extra={"message_id": record["messageId"]})
        return False
    return True


def run(job_id: str) -> None:
    """Do the job if it is due and nobody else's; otherwise nothing."""
    job = lease(job_id, LEASE_SECONDS)
    while job is not None:
        try:
            _attempt(job)
        except _LeaseLost:
            return
        except LookAgain:
            job = _still_ours(job)
        else:
            return


def _still_ours(job: Job) -> Job | None:
    found = Job.find(job.id, "job")
    return found if found and found.attempts == job.attempts else None


def _attempt(job: Job) -> None:
    if job.failures >= MOST_FAILURES:
        _give_up(job, "its worker stopped without a word, again and again")
        return
    try:
        _do(job)
    except (_LeaseLost, LookAgain):
        raise
    except Exception as error:
        log.exception("job failed", extra={"job_id": job.id, "kind": job.kind})
        _fail(job, _reason(error))


def _do(job: Job) -> None:
    tx = Transaction()
    outcome = KINDS[job.kind].handle(job, tx)
    if outcome is None:
        _end(tx, job)
    else:
        _postpone(tx, job, outcome.seconds, Job.failures.set(0))
    tx.commit()


def _fail(job: Job, reason: str) -> None:
    failures = int(job.failures) + 1
    if failures >= MOST_FAILURES:
        _give_up(job, reason)
        return
    tx = Transaction()
    noted = [Job.failures.set(failures), Job.error.set(reason)]
    _postpone(tx, job, BACKOFF_SECONDS[failures - 1], *noted)
    tx.commit()


def _give_up(job: Job, reason: str) -> None:
    """End the job for good: the owner sees a failure, the operator a dead letter."""
    tx = Transaction()
    give_up = KINDS[job.kind].give_up
    if give_up:
        give_up(job, tx)
    tx.after(lambda: queue.bury(job.id, reason))
    _end(tx, job, Job.error.set(reason))
    tx.commit()


def _end(tx: Transaction, job: Job, *more: Action) -> None:
    tx.update(
        job,
        Job.shard.remove(),
        Job.due_at.remove(),
        Job.lease_until.remove(),
        Job.expires_at.set(clock.now() + KEPT_SECONDS),
        *more,
        condition=Job.attempts == job.attempts,
        otherwise=_LeaseLost(),
    )


def _postpone(tx: Transaction, job: Job, seconds: float, *more: Action) -> None:
    """Come back later; if the job was woken while we looked, look again at once instead."""
    at = clock.now_ms() + int(seconds * 1000)
    tx.update(
        job,
        Job.run_at.set(at),
        Job.due_at.set(at + GRACE_MS),
        Job.lease_until.remove(),
        *more,
        condition=(Job.attempts == job.attempts) & (Job.woken == job.woken),
        otherwise=LookAgain(),
    )
    tx.after(lambda: queue.send(job.id, seconds))


def _reason(error: Exception) -> str:
    """What may be kept of an error: an unforeseen one's text could hold a customer's value."""
    known = isinstance(error, ApiError)
    return f"{type(error).__name__}: {error}"[:500] if known else type(error).__name__
