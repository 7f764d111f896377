"""Starts what ran before, for a supervisor that has begun anew."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from chalicelib import engines
from chalicelib.deployments import starting, states
from chalicelib.deployments.store import Deployment
from chalicelib.engines.base import EngineUnavailable, Progress, Stage
from chalicelib.services import service as services
from chalicelib.services.store import Service

log = logging.getLogger(__name__)

AT_ONCE = 4
LOOK_SECONDS = 0.2
ATTEMPTS = 600


def restore() -> None:
    """Start the live release of every service that should run, and send its host there.

    A supervisor that has them still answers so at once; nothing is started twice.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for service in _running():
            pool.submit(_bring_back_safely, service)


def _running() -> Iterator[Service]:
    serving = Service.status.is_in("running", "sleeping", "deploying", "restarting")
    live = Service.sk.startswith("svc_") & Service.live_release_id.exists()
    return Service.scan(live & serving)


def _bring_back_safely(service: Service) -> None:
    try:
        _bring_back(service)
    except Exception:
        log.exception("not brought back", extra={"service_id": service.id})


def _bring_back(service: Service) -> None:
    release_id = str(service.live_release_id)
    progress = _started(service, release_id)
    if progress.stage is not Stage.HEALTHY:
        states.note(service.tenant, service.id, release_id, "failed")
        return
    present = services.find(service.tenant, service.id)
    if present and present.live_release_id == release_id:
        engines.engine().switch(service.id, release_id, service.subdomain)
    else:
        engines.engine().cancel_release(release_id)


def _started(service: Service, release_id: str) -> Progress:
    deployment = Deployment.of(service.tenant, str(service.live_deployment_id))
    if deployment is None:
        raise LookupError(service.live_deployment_id)
    for _ in range(ATTEMPTS):
        try:
            progress = starting.start_release(service, deployment, release_id, job_id="")
        except EngineUnavailable:
            progress = Progress(Stage.STARTING)
        if progress.stage is not Stage.STARTING:
            return progress
        time.sleep(LOOK_SECONDS)
    return progress
