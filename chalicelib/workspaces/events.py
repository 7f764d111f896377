"""What happens to a workspace after it was deleted: what it leaves is taken away."""

from .. import jobs
from ..api_keys import service as api_keys
from ..jobs import Again, Job, Outcome
from ..store.transaction import Transaction
from ..webhooks import store as webhooks
from . import store

AT_ONCE = 20


@jobs.handler("workspace.tear-down")
def tear_down(job: Job, tx: Transaction) -> Outcome:
    """Delete what a workspace that is gone has left, some at a time."""
    left = api_keys.forget(tx, job.tenant, AT_ONCE)
    left = store.forget(tx, job.tenant, AT_ONCE) or left
    left = webhooks.forget(tx, job.tenant, AT_ONCE) or left
    return Again(1) if left else None
