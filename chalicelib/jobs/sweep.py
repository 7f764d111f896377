"""The safe path: what is due and unleased is sent again."""

import logging

from .. import clock
from . import queue
from .job import GRACE_MS, SHARDS, Job, change

log = logging.getLogger(__name__)

MOST_PER_SHARD = 100


def sweep() -> int:
    """Send every job again that should have been seen to by now; how many they were."""
    return sum(_sweep_shard(str(shard)) for shard in range(SHARDS))


def _sweep_shard(shard: str) -> int:
    late = Job.by_due.query(shard, Job.due_at <= clock.now_ms(), limit=MOST_PER_SHARD)
    return sum(_send_again(job) for job in late)


def _send_again(job: Job) -> bool:
    """Move ``due_at`` forward by condition first, so that two sweeps send it once."""
    forward = clock.now_ms() + 2 * GRACE_MS
    moved = change(job.id, Job.due_at == job.due_at, Job.due_at.set(forward))
    if moved:
        queue.send(job.id)
    return moved is not None
