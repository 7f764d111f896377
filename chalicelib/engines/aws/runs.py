"""Runs of the builder in CodeBuild, each at most once by its name.

The projects' role can do nothing: what a run needs and makes moves by presigned URLs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...settings import settings
from . import buildspec, logs, shelf
from .calls import MISSING, ask, pages, tell

Order = Callable[[], dict[str, Any]]
"""What the builder is told; asked for once, when the run begins."""

ORDER, RESULT, RUN = "order.json", "result.json", "run.json"
PHASES_OF_CLONING = frozenset(
    {"SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"}
)
WAITS = "==> Queued: waiting for a builder"
_WAITING = frozenset({"SUBMITTED", "QUEUED", "PROVISIONING"})


@dataclass(frozen=True)
class Run:
    """How far a run is: ``phase`` and ``status`` as CodeBuild names them."""

    phase: str
    status: str
    log: tuple[str, str] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status != "IN_PROGRESS"


def begin(service_id: str, name: str, job_id: str, project: str, order: Order) -> Run:
    """Begin a run in a CodeBuild project, or say how far it is."""
    place = shelf.key(service_id, name, RUN)
    kept = shelf.read(place) or _prepare(service_id, name, job_id, project, order)
    if "build_id" in kept:
        return _look(kept["build_id"])
    # The same token with the same arguments is the same build: those of the first call are kept.
    started = tell("codebuild", "start_build", **kept["arguments"])
    shelf.write(place, {"build_id": started["build"]["id"]})
    return Run("SUBMITTED", "IN_PROGRESS")


def result(service_id: str, name: str) -> dict[str, Any] | None:
    """What the builder has left as its last word."""
    return shelf.read(shelf.key(service_id, name, RESULT))


def stop(service_id: str, name: str) -> None:
    """End a run; one that is asked for late is not begun."""
    build_id = _build_id(service_id, name)
    if build_id and not _look(build_id).is_over:
        tell("codebuild", "stop_build", id=build_id)
    shelf.write(shelf.key(service_id, name, RUN), {"build_id": build_id})


def log(service_id: str, name: str) -> str:
    """What a run has printed, each line with its time."""
    found = _look(_build_id(service_id, name))
    if not found.is_over and found.phase in _WAITING:
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {WAITS}\n"
    return _read_log(*found.log) if found.log else ""


def remove_log(service_id: str, name: str) -> None:
    """Remove what a run has printed."""
    found = _look(_build_id(service_id, name))
    if found.log:
        group, stream = found.log
        where = {"logGroupName": group, "logStreamName": stream}
        ask("logs", "delete_log_stream", unless=MISSING, **where)


def _prepare(service_id: str, name: str, job_id: str, project: str, order: Order) -> dict[str, Any]:
    """Keep the order, and with which arguments the run is begun; those that were kept first."""
    shelf.own(service_id, name)
    place = shelf.key(service_id, name, ORDER)
    result_url = shelf.url("put_object", shelf.key(service_id, name, RESULT))
    shelf.write(place, {**order(), "result_url": result_url})
    arguments = {
        "projectName": project,
        "idempotencyToken": name,
        "sourceTypeOverride": "NO_SOURCE",
        "buildspecOverride": buildspec.TEXT,
        "timeoutInMinutesOverride": settings().build_minutes,
        "queuedTimeoutInMinutesOverride": 60,
        "environmentVariablesOverride": [
            _variable("ORBITRA_ORDER_URL", shelf.url("get_object", place)),
            _variable("ORBITRA_BUILDER_URL", shelf.url("get_object", buildspec.shelve_builder())),
            _variable("ORBITRA_JOB_ID", job_id),
        ],
    }
    return shelf.write_first(shelf.key(service_id, name, RUN), {"arguments": arguments})


def _variable(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value, "type": "PLAINTEXT"}


def _build_id(service_id: str, name: str) -> str | None:
    """CodeBuild's name of a run; None when it was never begun."""
    return (shelf.read(shelf.key(service_id, name, RUN)) or {}).get("build_id")


def _look(build_id: str | None) -> Run:
    if build_id is None:
        return Run("COMPLETED", "STOPPED")
    found = tell("codebuild", "batch_get_builds", ids=[build_id])["builds"]
    if not found:
        return Run("COMPLETED", "FAULT")
    build = found[0]
    where = build.get("logs", {})
    is_logged = where.get("groupName") and where.get("streamName")
    place = (where["groupName"], where["streamName"]) if is_logged else None
    return Run(build.get("currentPhase", "SUBMITTED"), build["buildStatus"], place)


def _read_log(group: str, stream: str) -> str:
    where = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
    lines: list[str] = []
    last = None
    for page in pages("logs", "get_log_events", ("nextForwardToken", "nextToken"), **where):
        lines += [logs.line(each) for each in page["events"]]
        if page["nextForwardToken"] == last:  # so it says that there is no more
            break
        last = page["nextForwardToken"]
    return "".join(line for line in lines if "Z [Container] " not in line)
