"""Builds: how far they are, and why they failed."""

from dataclasses import asdict
from typing import Any

from ...settings import settings
from ..base import Build, Phase, Progress, Stage
from ..causes import LAST_OUTPUT, last_lines, plain
from . import repository, runs, shelf
from .runs import Run

ARTIFACT = "artifact.zip"
CANCELLED = "The deployment was cancelled."
NO_FAULT = "The build failed through no fault of the app; deploy it again."


def build(wanted: Build) -> Progress:
    """Begin the build, or say how far it is."""
    service_id, name = wanted.service_id, wanted.deployment_id
    if left := runs.result(service_id, name):
        return _told(left)
    run = _begin(wanted)
    if not run.is_over:
        is_cloning = run.phase in runs.PHASES_OF_CLONING
        return Progress(Stage.CLONING if is_cloning else Stage.BUILDING)
    if left := runs.result(service_id, name):
        return _told(left)
    return Progress(Stage.FAILED, message=_why(wanted, run), phase="build")


def _begin(wanted: Build) -> Run:
    project, order = settings().build_project, _order
    if wanted.dockerfile_path or wanted.image_ref:
        project, order = settings().image_build_project, _image_order
    service_id, name = wanted.service_id, wanted.deployment_id
    return runs.begin(service_id, name, wanted.job_id, project, lambda: order(wanted))


def artifact(service_id: str, deployment_id: str) -> str:
    """Where the artifact of a deployment lies."""
    return shelf.key(service_id, deployment_id, ARTIFACT)


def cancel(deployment_id: str) -> None:
    """End the build of a deployment and remove what it has made."""
    service_id = shelf.owner(deployment_id)
    if service_id is None:
        return
    runs.stop(service_id, deployment_id)
    for what in (ARTIFACT, runs.RESULT, runs.ORDER):
        shelf.drop(shelf.key(service_id, deployment_id, what))
    repository.remove_image(service_id, deployment_id)


def log(deployment_id: str) -> str:
    """The log of a build, as far as it is."""
    service_id = shelf.owner(deployment_id)
    return runs.log(service_id, deployment_id) if service_id else ""


def _order(wanted: Build) -> dict[str, Any]:
    return {
        "kind": "build",
        "build": asdict(wanted),
        "schemes": settings().git_schemes,
        "artifact_url": shelf.url("put_object", artifact(wanted.service_id, wanted.deployment_id)),
    }


def _image_order(wanted: Build) -> dict[str, Any]:
    service_id = wanted.service_id
    repository.make(service_id)
    return {
        "kind": "image",
        "build": {**asdict(wanted), "environment": {}},
        "schemes": settings().git_schemes,
        "image": repository.reference(service_id, f":{wanted.deployment_id}"),
        "adapter": settings().web_adapter_image,
        **repository.login(service_id, repository.PUSH),
    }


def _told(left: dict[str, Any]) -> Progress:
    """What the builder's last word says."""
    if "failure" not in left:
        return Progress(Stage.BUILT, commit=left["commit"])
    phase: Phase = "clone" if left.get("phase") == "clone" else "build"
    return Progress(Stage.FAILED, left.get("commit"), left["failure"], phase)


def _why(wanted: Build, run: Run) -> str:
    """Why a build is over of which the builder has said nothing."""
    match run.status:
        case "STOPPED":
            return CANCELLED
        case "TIMED_OUT":
            minutes = settings().build_minutes
            return f"The build took longer than {minutes} minutes; make it do less."
        case "FAILED":
            lines = last_lines(plain(log(wanted.deployment_id)))
            return "\n".join(["The build ended without a word.", LAST_OUTPUT, *lines])
    return NO_FAULT
