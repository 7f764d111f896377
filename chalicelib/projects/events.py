"""What happens to a project after the request: it is set up, or torn down."""

from .. import jobs
from ..api_keys import service as api_keys
from ..jobs import Again, Job, Outcome
from ..project_secrets import store as project_secrets
from ..security import encryption
from ..services import service as services
from ..store.transaction import Transaction
from . import service
from .store import Project

AT_ONCE = 10


@jobs.handler("project.set-up")
def set_up(job: Job, tx: Transaction) -> Outcome:
    """Make a pending project active: its workspace has a key for its secrets.

    A project that was deleted meanwhile is left alone.
    """
    project = Project.of(job.tenant, job.payload["project_id"])
    if project and project.status == "pending":
        encryption.prepare(job.tenant)
        tx.change(project, {"status": "active"})
        service.announce(tx, project, "project.created")
    return None


@jobs.handler("project.tear-down")
def tear_down(job: Job, tx: Transaction) -> Outcome:
    """Delete the secrets, services and bound keys of a project that is gone, until none is left."""
    project_secrets.remove(tx, job.tenant, job.payload["project_id"])
    api_keys.revoke_bound(tx, job.tenant, job.payload["project_id"])
    left = services.of_project(job.tenant, job.payload["project_id"], AT_ONCE)
    for one in left:
        services.delete(tx, one)
    return Again(1) if left else None
