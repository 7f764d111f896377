"""The job that sends a mail."""

from .. import jobs
from ..jobs import Job, Outcome
from ..store.transaction import Transaction
from . import sender, service


@jobs.handler(service.KIND)
def send(job: Job, tx: Transaction) -> Outcome:
    """Write the mail and send it; nothing leaves the sandbox."""
    del tx
    message = service.written(job.tenant, job.payload)
    if message and not job.tenant.startswith("test#"):
        sender.send(message, job.id)
    return None
