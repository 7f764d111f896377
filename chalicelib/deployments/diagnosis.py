"""Why a deployment failed and what to try; of one that did not fail, how it is."""

from datetime import UTC, datetime

from .. import clock, engines
from ..engines import causes
from ..engines.causes import OURS, Finding
from ..services import service as services
from ..services.store import Service
from .store import Deployment

MOST_CHARACTERS = 128 * 1024
MOST_LINES = 300

_FAILED = f" {OURS}Failed: "
_CANCELED = "It was canceled on request."
_SUPERSEDED = "It was live until a newer deployment took its place; nothing is wrong."
_DOING = {
    "queued": "It waits for its turn",
    "cloning": "It clones the branch",
    "building": "It builds",
    "deploying": "It starts the app and checks its health",
    "rolling_back": "It starts what was built before and checks its health",
}
_LIVE = {
    "running": Finding(None, "It is live; nothing is wrong."),
    "sleeping": Finding(None, "It is live and sleeps until the next request; nothing is wrong."),
    "stopped": Finding(None, "It is live, but its service is stopped.", ("Start the service.",)),
}


def diagnose(deployment: Deployment) -> Finding:
    """What can be said of a deployment, from its state and its logs."""
    match deployment.status:
        case "failed":
            return causes.explain(str(deployment.error_message), _output(deployment))
        case "canceled":
            return _cancellation(deployment)
        case "superseded":
            return Finding(None, _SUPERSEDED)
        case "live":
            return _life(deployment)
        case _:
            return _progress(deployment)


def _output(deployment: Deployment) -> str:
    """What was printed in the phase that failed."""
    if deployment.failed_phase in {"clone", "build"}:
        return _build_output(deployment)
    if deployment.failed_phase is None:
        return ""
    return _start_output(deployment)


def _build_output(deployment: Deployment) -> str:
    log = engines.engine().build_log(deployment.artifact_id)
    return causes.plain(log[-MOST_CHARACTERS:])


def _start_output(deployment: Deployment) -> str:
    """What the release printed; nothing when it may be another's that served beside it."""
    service = services.find(deployment.tenant, deployment.service_id)
    if service is None or service.live_deployment_id is not None:
        return ""
    since = int(deployment.created_at) // 1000
    lines = engines.engine().logs(service.id, MOST_LINES, since).text.splitlines()
    until = datetime.fromtimestamp(int(deployment.finished_at or 0) / 1000, UTC)
    end = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    return causes.plain("\n".join(line for line in lines if line[: len(end)] <= end))


def _cancellation(deployment: Deployment) -> Finding:
    if deployment.error_message is None:
        return Finding("canceled", _CANCELED, ("Deploy again when you want it.",))
    return causes.explain(deployment.error_message, "")


def _life(deployment: Deployment) -> Finding:
    service = services.find(deployment.tenant, deployment.service_id)
    if service is None:
        return _LIVE["stopped"]
    if service.status == "failed":
        return _crash(service)
    at_work = Finding(None, f"It is live; its service is in the state {service.status}.")
    return _LIVE.get(service.status, at_work)


def _crash(service: Service) -> Finding:
    """Why a service that was live has ended, from the last failure in its log."""
    log = engines.engine().logs(service.id, MOST_LINES, None).text
    before, _, after = log.rpartition(_FAILED)
    message = [line.partition(f" {OURS}") for line in f" {OURS}{after}".splitlines()]
    said = "\n".join(text for _, ours, text in message if ours)
    return causes.explain(said or "It was live, and has failed since", causes.plain(before))


def _progress(deployment: Deployment) -> Finding:
    now, began = clock.now_ms(), int(deployment.updated_at)
    doing = _DOING[deployment.status]
    seconds, whole = (now - began) // 1000, (now - int(deployment.created_at)) // 1000
    summary = f"{doing}, for {seconds} s now; it was asked for {whole} s ago."
    return Finding(None, summary, (), causes.last_lines(_build_output(deployment)))
