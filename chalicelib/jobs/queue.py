"""The SQS queue that carries job ids to the worker. Losing a message loses no job."""

import json
import logging
import math

from .. import aws
from ..settings import settings

log = logging.getLogger(__name__)

LONGEST_DELAY = 900  # what SQS allows; later times wait in the job's run_at


def send(job_id: str, seconds: float = 0) -> None:
    """Send a job to the worker, delayed by so many seconds (at most 900).

    A failure is logged only: the sweep sends what was not sent.
    """
    delay = min(math.ceil(seconds), LONGEST_DELAY)
    try:
        aws.client("sqs").send_message(
            QueueUrl=settings().queue_url,
            MessageBody=json.dumps({"job_id": job_id}),
            DelaySeconds=delay,
        )
    except Exception:
        log.exception("job not sent, the sweep will", extra={"job_id": job_id})


def bury(job_id: str, reason: str) -> None:
    """Put a job that will not be tried again before the operator, in the dead-letter queue."""
    aws.client("sqs").send_message(
        QueueUrl=settings().dead_letters_url,
        MessageBody=json.dumps({"job_id": job_id, "reason": reason}),
    )
