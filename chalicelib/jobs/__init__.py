"""Work that follows a request: an outbox, a queue, leases and a sweep.

A job is written in the transaction of the request that causes it and sent to SQS after the commit
(the fast path); every minute a sweep sends again what is due and not leased (the safe path). A
worker leases the job by a condition; the attempt number is its fence. What the job does is
committed together with its end, under that fence, so that messages may repeat, come late or in
disorder, and the effect still happens once.
"""

from .job import Job, enqueue, wake, wake_after
from .registry import Again, Handle, LookAgain, Outcome, handler

__all__ = [
    "Again",
    "Handle",
    "Job",
    "LookAgain",
    "Outcome",
    "enqueue",
    "handler",
    "wake",
    "wake_after",
]
