"""The job that sends again what failed, some deliveries at a time."""

from .. import ids, jobs
from ..jobs import Job, LookAgain, Outcome
from ..store.transaction import Transaction
from . import events, store
from .store import Delivery, Webhook

KIND = "webhook.recover"
AT_ONCE = 30


def begin(tx: Transaction, webhook: Webhook, since: int) -> None:
    """Send again what was made since then (epoch milliseconds) and failed."""
    _go_on(tx, webhook, ids.first_at(Delivery.KIND, since))


@jobs.handler(KIND)
def recover(job: Job, tx: Transaction) -> Outcome:
    """Begin the failed ones of some deliveries anew; another job does those that follow."""
    webhook = Webhook.of(job.tenant, job.payload["webhook_id"])
    if webhook is None or not webhook.is_enabled:
        return None
    found = store.after(job.tenant, webhook.id, job.payload["after"], AT_ONCE)
    for delivery in found:
        if _has_failed(delivery):
            events.again(tx, webhook, delivery, LookAgain())
    if len(found) == AT_ONCE:
        _go_on(tx, webhook, found[-1].id)
    return None


def _has_failed(delivery: Delivery) -> bool:
    """For good, or so far: what waits for its next attempt, up to 12 hours, waits no longer."""
    is_waiting = delivery.status == "pending" and delivery.tries > 0
    return delivery.status == "failed" or is_waiting


def _go_on(tx: Transaction, webhook: Webhook, after: str) -> None:
    jobs.enqueue(tx, webhook.tenant, KIND, {"webhook_id": webhook.id, "after": after})
