"""Starting, stopping and restarting a service: its live deployment, without a build."""

from collections.abc import Callable
from dataclasses import replace

from .. import engines, jobs
from ..engines.base import Stage
from ..errors import Conflict, Outdated
from ..http.call import Call
from ..jobs import Again, Handle, Job, Outcome
from ..services import service as services
from ..services.store import Service
from ..store.transaction import Transaction
from ..variables import service as variables
from . import rollout, store
from .rollout import TURN_SECONDS, lock, unlock, wake_waiting
from .service import configuration_of
from .starting import look_again, start_release
from .store import Configuration, Deployment

Step = Callable[[Job, Transaction, Service], Outcome]

UNDER_WAY = "A deployment of this web service is under way; wait for it, or cancel it"
NEEDS_BUILD = (
    "git_url",
    "branch",
    "root_directory",
    "build_command",
    "dockerfile_path",
    "image_ref",
)
BUSY = {"deploying", "starting", "stopping", "restarting"}


def start(call: Call, service: Service) -> Service:
    """Bring the live deployment back; a running service stays as it is."""
    if service.status == "running":
        return service
    return _roll(call, service, "starting")


def restart(call: Call, service: Service) -> Service:
    """Start the live deployment anew, with the present configuration, without a gap."""
    if service.status == "stopped":
        raise Conflict("This web service is stopped; start it")
    return _roll(call, service, "restarting")


def stop(call: Call, service: Service) -> Service:
    """Release the compute; deployments, variables and logs stay."""
    services.must_stay(service)
    if service.status in {"stopped", "stopping"}:
        return service
    _ask(call, service, "stopping", "service.stop", {})
    return service


def _roll(call: Call, service: Service, status: str) -> Service:
    services.must_stay(service)
    if service.status in BUSY:
        raise Conflict(UNDER_WAY)
    if service.live_deployment_id is None:
        raise Conflict("This web service was never deployed; deploy it first")
    number = int(service.releases) + 1
    release_id = store.later_release(service.live_deployment_id, number)
    store.configure(call.tx, call.tenant, release_id, _without_build(service))
    service.releases = number
    _ask(call, service, status, "service.roll", {"release_id": release_id})
    return service


def _without_build(service: Service) -> Configuration:
    """The present configuration; what takes a build stays as it was built, and pending."""
    present = configuration_of(service, variables.read(service))
    live = Deployment.of(service.tenant, str(service.live_deployment_id))
    if live is None:
        return present
    built = store.configuration(service.tenant, live.release_id)
    kept = {name: getattr(built, name) for name in NEEDS_BUILD}
    is_built = all(getattr(present, name) == value for name, value in kept.items())
    return present if is_built else replace(present, **kept, revision=built.revision)


def _ask(call: Call, service: Service, status: str, kind: str, more: dict[str, str]) -> None:
    """Enqueue the job that does it; ``Outdated`` when the service changed meanwhile."""
    payload = {"service_id": service.id, **more}
    changes = {
        "status": status,
        "waiting_job_id": jobs.enqueue(call.tx, call.tenant, kind, payload).id,
        "releases": service.releases,
    }
    unchanged = (Service.status == service.status) & (Service.revision == service.revision)
    call.tx.change(service, changes, unchanged, Outdated())


def _give_up(job: Job, tx: Transaction) -> None:
    service = services.find(job.tenant, job.payload["service_id"])
    if service:
        unlock(tx, service, job, rollout.status_after(service, otherwise="failed"))


def _holding_the_lock(step: Step) -> Handle:
    """The handler that does the step once the service's lock is this job's."""

    def handle(job: Job, tx: Transaction) -> Outcome:
        service = services.find(job.tenant, job.payload["service_id"])
        if service is None or service.status == "pending_deletion":
            _abandon(job)
            return None
        if service.rolling_job_id == job.id:
            return step(job, tx, service)
        return _take(job, tx, service) if service.waiting_job_id == job.id else None

    return handle


@jobs.handler("service.stop", give_up=_give_up)
@_holding_the_lock
def run_stop(job: Job, tx: Transaction, service: Service) -> Outcome:
    """Stop every release of a service."""
    engines.engine().retire(service.id, keep=None)
    gone = {"rolling_job_id": None, "live_release_id": None, "status": "stopped"}
    tx.change(service, gone, Service.status != "pending_deletion", jobs.LookAgain())
    services.announce(tx, service, "service.stopped")
    wake_waiting(tx, service, job)
    return None


@jobs.handler("service.roll", give_up=_give_up)
@_holding_the_lock
def run_roll(job: Job, tx: Transaction, service: Service) -> Outcome:
    """Bring a new release of the live deployment one step further."""
    if service.live_release_id != job.payload["release_id"]:
        return _start(job, tx, service)
    engines.engine().retire(service.id, keep=service.live_release_id)
    unlock(tx, service, job)
    return None


def _abandon(job: Job) -> None:
    """End what was begun for a service that is being deleted."""
    if "release_id" in job.payload:
        engines.engine().cancel_release(job.payload["release_id"])


def _take(job: Job, tx: Transaction, service: Service) -> Outcome:
    """Take the service's lock, or wait for it."""
    if service.rolling_job_id is not None:
        return Again(TURN_SECONDS)
    lock(tx, service, job, {})
    return Again(0)


def _start(job: Job, tx: Transaction, service: Service) -> Outcome:
    release_id = job.payload["release_id"]
    deployment = Deployment.of(job.tenant, str(service.live_deployment_id))
    if deployment is None:
        _abandon(job)
        return None
    progress = start_release(service, deployment, release_id, job.id)
    if progress.stage is Stage.FAILED:
        engines.engine().cancel_release(release_id)
        unlock(tx, service, job, rollout.status_after(service, otherwise="failed"))
        return None
    if progress.stage is not Stage.HEALTHY:
        return look_again(service)
    rollout.switch(tx, service, job, deployment, release_id)
    store.forget_configuration(tx, job.tenant, deployment.release_id)
    tx.change(deployment, {"release_id": release_id})
    return Again(0)
