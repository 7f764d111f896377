"""Releases: begun, looked at, ended."""

from ...buildpacks.failures import Failure
from ..base import Build, Progress, Release, Stage
from . import builds, functions, health, layers, notes, programs, runs, shelf, traffic, versions
from .functions import STARTING

KEPT = 10
NOT_BUILT = "The build of this deployment is no longer kept; deploy it again."


def start(release: Release) -> Progress:
    """Begin to start the release, or say how far it is."""
    if checked := _check(release):
        return checked
    built = runs.result(release.service_id, release.deployment_id)
    if built is None or "failure" in built:
        return Progress(Stage.FAILED, message=NOT_BUILT, phase="start")
    try:
        program = programs.of(release, built)
    except Failure as failure:
        return Progress(Stage.FAILED, message=str(failure), phase="start")
    _note(release)
    if release.pre_deploy_command and (waiting := _prepare(release, release.pre_deploy_command)):
        return waiting
    return _repeat(release) or functions.bring(release, program) or _check(release) or STARTING


def cancel(release_id: str) -> None:
    """End the start of a release and remove what it left; what traffic goes to stays."""
    service_id = shelf.owner(release_id)
    if service_id is None:
        return
    if release_id in versions.serving(service_id):
        return
    if notes.read(service_id, release_id).get("was_stopped"):
        traffic.stop(service_id)
    runs.stop(service_id, release_id)
    _remove(service_id, release_id, versions.made_for(service_id, release_id))


def retire(service_id: str, keep: str | None) -> None:
    """Lead the traffic to ``keep``, or let nothing run; keep the last ten versions."""
    if keep is None:
        traffic.stop(service_id)
    elif kept := versions.find(service_id, keep):
        traffic.lead(service_id, kept, keep)
        _tidy(service_id, kept)


def _tidy(service_id: str, kept: versions.Version) -> None:
    for version in versions.of(service_id)[:-KEPT]:
        if version.number != kept.number:
            _remove(service_id, version.release_id, version)


def _check(release: Release) -> Progress | None:
    """How healthy the release's version is; None when there is no version yet."""
    version = versions.find(release.service_id, release.release_id)
    if version is None:
        return None
    traffic.let_run(release.service_id)
    return health.check(release, version)


def _repeat(release: Release) -> Progress | None:
    """Take the version of the release that this one repeats, if that is still kept."""
    kept = versions.find(release.service_id, release.repeats) if release.repeats else None
    if kept is None:
        return None
    versions.share(release, kept)
    return _check(release)


def _note(release: Release) -> None:
    """Note a release, once."""
    if not notes.read(release.service_id, release.release_id):
        notes.begin(release, was_stopped=traffic.is_stopped(release.service_id))


def _prepare(release: Release, command: str) -> Progress | None:
    """Run the pre-deploy command, once; None when it is done."""
    service_id, name = release.service_id, release.release_id
    if (left := runs.result(service_id, name)) is None:
        order = _order(release, command)
        run = runs.begin(service_id, name, release.job_id, order)
        if not run.is_over:
            return STARTING
        left = runs.result(service_id, name) or {"failure": builds.NO_FAULT}
    if "failure" in left:
        return Progress(Stage.FAILED, message=left["failure"], phase="pre_deploy")
    return None


def _order(release: Release, command: str) -> dict[str, object]:
    place = builds.artifact(release.service_id, release.deployment_id)
    environment = {**release.environment, "PORT": str(release.port)}
    root = release.root_directory
    of = Build(release.deployment_id, release.service_id, release.job_id, "", "", root)
    return {
        "kind": "pre_deploy",
        "build": {**vars(of), "environment": environment},
        "command": command,
        "schemes": [],
        "artifact_url": shelf.url("get_object", place),
    }


def _remove(service_id: str, release_id: str, version: versions.Version | None) -> None:
    if version:
        versions.delete(service_id, version)
    layers.remove(versions.function(service_id), release_id)
    shelf.clear(service_id, release_id)
