"""The job item: its keys, its times, and the conditions under which it changes."""

import zlib
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from .. import clock, ids
from ..store.items import Item, table
from ..store.transaction import Transaction
from . import queue

SHARDS = 8
GRACE_MS = 30_000
SKEW_MS = 1_000
KEPT_SECONDS = 7 * 86_400


class _ByDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call] # PynamoDB's own
    """What the sweep reads: unfinished jobs by when they should have been seen to."""

    class Meta:
        index_name = "by_due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Job(Item):
    """One piece of work. Times are epoch milliseconds.

    ``run_at``: not before; ``due_at``: when the sweep takes it for lost; ``attempts``: how often
    it was leased, the fence; ``failures``: how many attempts in a row ended in an error or in
    silence; ``woken``: how often something asked to look again.
    """

    class Meta:
        table_name = table("jobs")

    kind = UnicodeAttribute()
    tenant = UnicodeAttribute()
    payload: JSONAttribute = JSONAttribute()
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    run_at = NumberAttribute()
    lease_until = NumberAttribute(null=True)
    attempts = NumberAttribute(default=0)
    failures = NumberAttribute(default=0)
    woken = NumberAttribute(default=0)
    error = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    by_due = _ByDue()

    @property
    def id(self) -> str:
        """The TypeID."""
        return str(self.pk)

    @classmethod
    def key(cls, job_id: str) -> "Job":
        """A job of which only the id is known."""
        return cls(job_id, "job")


def enqueue(tx: Transaction, tenant: str, kind: str, payload: dict[str, Any]) -> Job:
    """Write a job in this transaction; it is sent after the commit."""
    now = clock.now_ms()
    job = Job.key(ids.new("job"))
    job.kind, job.tenant, job.payload = kind, tenant, payload
    job.shard, job.run_at, job.due_at = _shard(job.id), now, now + GRACE_MS
    tx.create(job)
    tx.after(lambda: queue.send(job.id))
    return job


def wake(job_id: str) -> None:
    """Let an unfinished job look again now; a finished or unknown one is left alone."""
    if change(job_id, Job.shard.exists(), *_awake()):
        queue.send(job_id)


def wake_after(tx: Transaction, job_id: str) -> None:
    """Let a job look again once this transaction is committed."""
    tx.after(lambda: wake(job_id))


def _awake() -> list[Action]:
    now = clock.now_ms()
    return [Job.woken.add(1), Job.run_at.set(now), Job.due_at.set(now + GRACE_MS)]


def lease(job_id: str, seconds: int) -> Job | None:
    """Take the job for so long, or None: it is done, not due, or another's.

    Taking over a lease that ran out counts as a failure of the attempt that held it.
    """
    now = clock.now_ms()
    until = now + seconds * 1000
    ready = Job.shard.exists() & (Job.run_at <= now + SKEW_MS)
    taking = [Job.attempts.add(1), Job.lease_until.set(until), Job.due_at.set(until)]
    return change(job_id, ready & Job.lease_until.does_not_exist(), *taking) or change(
        job_id, ready & (Job.lease_until < now), *taking, Job.failures.add(1)
    )


def change(job_id: str, condition: Condition, *actions: Action) -> Job | None:
    """Change a job while the condition holds; the job as it now is, or None."""
    job = Job.key(job_id)
    return job if job.change_if(condition, *actions) else None


def _shard(job_id: str) -> str:
    return str(zlib.crc32(job_id.encode()) % SHARDS)
