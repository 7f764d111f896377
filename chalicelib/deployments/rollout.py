"""The way of a deployment: one step an attempt, each recorded by condition.

queued → cloning → building → deploying (or rolling_back) → live → superseded
   └──────────┴─────────┴────────────┴──→ failed, canceled

A service rolls out one thing at a time: ``rolling_job_id`` is its lock. A deployment that waited
while a newer one came is overtaken. The old release serves until the new one is healthy; it is
retired after the switch is recorded.
"""

import logging
from collections.abc import Callable
from typing import Any

from .. import clock, engines, jobs
from ..engines.base import Build, Phase, Progress, Stage
from ..jobs import Again, Job, LookAgain, Outcome
from ..security.egress import UnsafeUrl, check_git_url
from ..services import service as services
from ..services.store import Service
from ..settings import settings
from ..store.transaction import Transaction
from . import store
from .announcements import announce
from .starting import LOOK_SECONDS, look_again, start_release
from .store import Deployment

log = logging.getLogger(__name__)

RUNNING = {"status": "running", "resting_status": "running"}
TURN_SECONDS = 2
GAVE_UP = "Orbitra could not finish this deployment; nothing was changed. Please deploy again"
OVERTAKEN = "A newer deployment, or a stop, was asked for before this one began"


def _give_up(job: Job, tx: Transaction) -> None:
    """Tell the owner that a deployment failed through no fault of theirs."""
    deployment, service = _load(job)
    if deployment and deployment.status not in _ENDED:
        _try_to_free(job, deployment, service)
        _conclude(tx, deployment, service, "failed", GAVE_UP)
    if service:
        unlock(tx, service, job, status_after(service, otherwise=_unserved(service)))


@jobs.handler("deployment.run", give_up=_give_up)
def run(job: Job, tx: Transaction) -> Outcome:
    """Bring a deployment one step further."""
    deployment, service = _load(job)
    if deployment is None or service is None:
        _abandon(job.payload["deployment_id"])
        return None
    if service.status == "pending_deletion" and deployment.status not in _ENDED:
        _abandon(deployment.id)
        _conclude(tx, deployment, service, "canceled", "The web service is being deleted")
        return None
    return _STEPS[deployment.status](job, tx, deployment, service)


def lock(tx: Transaction, service: Service, job: Job, changes: dict[str, Any]) -> None:
    """Make the service this job's; ``LookAgain`` when another job was faster."""
    free = Service.rolling_job_id.does_not_exist() | (Service.rolling_job_id == job.id)
    stays = Service.status != "pending_deletion"
    tx.change(service, {"rolling_job_id": job.id, **changes}, free & stays, LookAgain())


def unlock(tx: Transaction, service: Service, job: Job, status: str | None = None) -> None:
    """Let the next job have the service, and wake the one that waits."""
    if service.rolling_job_id == job.id:
        going = service.status == "pending_deletion"
        changes = {} if status is None or going else {"status": status}
        unchanged = Service.status == service.status
        tx.change(service, {"rolling_job_id": None, **changes}, unchanged, LookAgain())
    wake_waiting(tx, service, job)


def wake_waiting(tx: Transaction, service: Service, job: Job) -> None:
    """Let the job that waits for the service look again."""
    if service.waiting_job_id and service.waiting_job_id != job.id:
        jobs.wake_after(tx, service.waiting_job_id)


def _load(job: Job) -> tuple[Deployment | None, Service | None]:
    deployment = Deployment.of(job.tenant, job.payload["deployment_id"])
    return deployment, services.find(job.tenant, job.payload["service_id"])


def _wait_turn(job: Job, tx: Transaction, deployment: Deployment, service: Service) -> Outcome:
    if service.waiting_job_id != job.id:
        _conclude(tx, deployment, service, "canceled", OVERTAKEN)
        return None
    if service.rolling_job_id not in (None, job.id):
        return Again(TURN_SECONDS)
    lock(tx, service, job, {"status": "deploying"})
    rolls_back = deployment.rollback_from_deployment_id is not None
    _move(tx, deployment, {"status": "rolling_back" if rolls_back else "cloning"})
    return Again(0)


def _build(job: Job, tx: Transaction, deployment: Deployment, service: Service) -> Outcome:
    try:
        progress = _built(job, deployment)
    except UnsafeUrl as error:
        message = f"git_repository_url: {error}"
        progress = Progress(Stage.FAILED, message=message, phase="clone")
    if progress.stage is Stage.FAILED:
        return _fail(job, tx, deployment, service, progress)
    if progress.stage is Stage.BUILT:
        _move(tx, deployment, {"status": "deploying", "commit": progress.commit})
        return Again(0)
    if progress.stage.value != deployment.status:
        _move(tx, deployment, {"status": progress.stage.value})
    return Again(LOOK_SECONDS)


def _built(job: Job, deployment: Deployment) -> Progress:
    configuration = store.configuration(job.tenant, deployment.release_id)
    allowed = settings()
    target = check_git_url(
        configuration.git_url, schemes=allowed.git_schemes, allow_loopback=allowed.allow_loopback
    )
    build = Build(
        deployment_id=deployment.id,
        service_id=deployment.service_id,
        job_id=job.id,
        git_url=target.url,
        branch=deployment.branch,
        root_directory=configuration.root_directory,
        build_command=configuration.build_command,
        pinned=target.pinned,
        environment=configuration.environment,
    )
    return engines.engine().build(build)


def _start(job: Job, tx: Transaction, deployment: Deployment, service: Service) -> Outcome:
    release_id, repeats = deployment.release_id, deployment.repeats
    progress = start_release(service, deployment, release_id, job.id, repeats=repeats)
    if progress.stage is Stage.FAILED:
        return _fail(job, tx, deployment, service, progress)
    if progress.stage is not Stage.HEALTHY:
        return look_again(deployment)
    before = service.live_deployment_id
    switch(tx, service, job, deployment, release_id)
    ended = {"status": "live", "finished_at": clock.now_ms()}
    _move(tx, deployment, {**ended, "url": service.address or deployment.url})
    announce(tx, deployment, service.name)
    _supersede(tx, before, deployment)
    return Again(0)


def switch(
    tx: Transaction, service: Service, job: Job, deployment: Deployment, release_id: str
) -> None:
    """Send the traffic to a release, record that it serves, and tell when nothing did before."""
    was_stopped = service.live_release_id is None
    live = {
        "address": engines.engine().switch(service.id, release_id, service.subdomain),
        "live_deployment_id": deployment.id,
        "live_release_id": release_id,
        "live_revision": store.configuration(service.tenant, release_id).revision,
    }
    lock(tx, service, job, {**live, **RUNNING})
    if was_stopped:
        services.announce(tx, service, "service.started")


def _supersede(tx: Transaction, before: str | None, deployment: Deployment) -> None:
    old = Deployment.of(deployment.tenant, before) if before else None
    if old and old.id != deployment.id:
        tx.change(old, {"status": "superseded"})


def _settle(job: Job, tx: Transaction, _: Deployment, service: Service) -> Outcome:
    """Stop what served before, now that the switch is on record."""
    engines.engine().retire(service.id, keep=service.live_release_id)
    unlock(tx, service, job)
    return None


def _clean_up(job: Job, tx: Transaction, deployment: Deployment, service: Service) -> Outcome:
    """Let what served before serve on, and free what a canceled deployment used."""
    _free(job, deployment, service)
    unlock(tx, service, job, status_after(service, otherwise="stopped"))
    return None


def _free(job: Job, deployment: Deployment, service: Service | None) -> None:
    """End what a deployment has begun; a switch that is not on record is taken back.

    One that still waited has switched nothing, and another may be about to.
    """
    if service and service.rolling_job_id == job.id:
        engines.engine().retire(service.id, keep=service.live_release_id)
    _abandon(deployment.id)


def _try_to_free(job: Job, deployment: Deployment, service: Service | None) -> None:
    """What the engine does not let go now, the next roll-out or the service's removal ends."""
    try:
        _free(job, deployment, service)
    except Exception:
        log.exception("nothing was freed", extra={"deployment_id": deployment.id})


def _over(_: Job, __: Transaction, ___: Deployment, ____: Service) -> Outcome:
    return None


def _fail(
    job: Job, tx: Transaction, deployment: Deployment, service: Service, progress: Progress
) -> Outcome:
    _abandon(deployment.id)
    message = progress.message or "It failed"
    _conclude(tx, deployment, service, "failed", message, phase=progress.phase)
    unlock(tx, service, job, status_after(service, otherwise=_unserved(service)))
    return None


def status_after(service: Service, otherwise: str) -> str:
    """The service's state when a roll-out came to nothing: what the old release does, if any."""
    return service.resting_status or "running" if service.live_release_id else otherwise


def _unserved(service: Service) -> str:
    """The state of a service without a release when its deployment has failed."""
    return "stopped" if service.live_deployment_id else "failed"


def _abandon(deployment_id: str) -> None:
    """End the build and the first release of a deployment that comes to nothing."""
    engines.engine().cancel_release(store.first_release(deployment_id))
    engines.engine().cancel(deployment_id)


def _conclude(
    tx: Transaction,
    deployment: Deployment,
    service: Service | None,
    status: str,
    message: str,
    *,
    phase: Phase | None = None,
) -> None:
    ended = {"status": status, "error_message": message, "finished_at": clock.now_ms()}
    _move(tx, deployment, {**ended, "failed_phase": phase})
    announce(tx, deployment, service.name if service else "")


def _move(tx: Transaction, deployment: Deployment, changes: dict[str, Any]) -> None:
    """Record a step; ``LookAgain`` when a cancel came in between."""
    tx.change(deployment, changes, Deployment.status == deployment.status, LookAgain())


Step = Callable[[Job, Transaction, Deployment, Service], Outcome]
_ENDED = {"live", "superseded", "failed", "canceled"}
_STEPS: dict[str, Step] = {
    "queued": _wait_turn,
    "cloning": _build,
    "building": _build,
    "deploying": _start,
    "rolling_back": _start,
    "live": _settle,
    "canceled": _clean_up,
    "superseded": _over,
    "failed": _over,
}
