"""Takes away all that a deleted service has."""

from .. import engines, jobs
from ..jobs import Again, Job, Outcome
from ..push_hooks import store as push_hooks
from ..services import service as services
from ..services import store as service_store
from ..store.transaction import Transaction
from ..variables import store as variables
from . import store

AT_ONCE = 10


@jobs.handler("service.delete")
def delete_service(job: Job, tx: Transaction) -> Outcome:
    """Stop the service, then delete its deployments by tens, and itself at last."""
    service = services.find(job.tenant, job.payload["service_id"])
    if service is None:
        return None
    engines.engine().remove(service.id)
    left, _ = store.page(job.tenant, service.id, 0, AT_ONCE)
    for deployment in left:
        store.remove(tx, deployment)
    if left:
        return Again(0)
    push_hooks.forget(tx, job.tenant, service.id)
    variables.remove(tx, job.tenant, service.id)
    store.forget_count(tx, job.tenant, service.id)
    service_store.remove(tx, service)
    service.status = "deleted"
    services.announce(tx, service, "service.deleted")
    return None
