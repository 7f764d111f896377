"""Releases: begun, looked at, ended."""

from typing import Any

from ...buildpacks.failures import Failure
from ...settings import settings
from ..base import Build, Progress, Release, Stage
from . import (
    builds,
    functions,
    health,
    layers,
    notes,
    packages,
    repository,
    runs,
    shelf,
    traffic,
    versions,
)
from .functions import STARTING
from .packages import Image, Package

KEPT = 10


def start(release: Release) -> Progress:
    """Begin to start the release, or say how far it is."""
    if checked := _check(release):
        return checked
    built = runs.result(release.service_id, release.deployment_id)
    if built is None or "failure" in built:
        return Progress(Stage.FAILED, message=packages.NOT_BUILT, phase="start")
    try:
        package = packages.of(release, built)
    except Failure as failure:
        return Progress(Stage.FAILED, message=str(failure), phase="start")
    _note(release, package)
    command = release.pre_deploy_command
    if command and (waiting := _prepare(release, package, command)):
        return waiting
    return _repeat(release) or functions.bring(release, package) or _check(release) or STARTING


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
    found = versions.of(service_id)
    gone = [each for each in found[:-KEPT] if each.number != kept.number]
    if unused := _images_of(service_id, gone):
        unused -= _images_of(service_id, [each for each in found if each not in gone])
    for deployment_id in unused:  # first: what they were is noted with the versions
        repository.remove_image(service_id, deployment_id)
    for version in gone:
        _remove(service_id, version.release_id, version)


def _images_of(service_id: str, found: list[versions.Version]) -> set[str]:
    """The deployments whose images versions were made of, if those are images."""
    told = (notes.read(service_id, each.release_id) for each in found)
    return {note["image_of"] for note in told if note.get("image_of")}


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


def _note(release: Release, package: Package) -> None:
    """Note a release, once."""
    if not notes.read(release.service_id, release.release_id):
        was_stopped = traffic.is_stopped(release.service_id)
        notes.begin(release, was_stopped=was_stopped, is_image=package.kind == "Image")


def _prepare(release: Release, package: Package, command: str) -> Progress | None:
    """Run the pre-deploy command, once; None when it is done."""
    service_id, name = release.service_id, release.release_id
    if (left := runs.result(service_id, name)) is None:
        project = settings().build_project
        if package.kind == "Image":
            project = settings().image_build_project
        run = runs.begin(
            service_id, name, release.job_id, project, lambda: _order(release, package, command)
        )
        if not run.is_over:
            return STARTING
        left = runs.result(service_id, name) or {"failure": builds.NO_FAULT}
    if "failure" in left:
        return Progress(Stage.FAILED, message=left["failure"], phase="pre_deploy")
    return None


def _order(release: Release, package: Package, command: str) -> dict[str, Any]:
    root, service_id = release.root_directory, release.service_id
    of = vars(Build(release.deployment_id, service_id, release.job_id, "", "", root))
    order = {"command": command, "schemes": [], "build": of}
    if isinstance(package, Image):  # which has the variables in it
        login = repository.login(service_id, repository.PULL)
        return {**order, "kind": "image_pre_deploy", "image": package.uri, **login}
    of |= {"environment": {**release.environment, "PORT": str(release.port)}}
    place = builds.artifact(service_id, release.deployment_id)
    return {**order, "kind": "pre_deploy", "artifact_url": shelf.url("get_object", place)}


def _remove(service_id: str, release_id: str, version: versions.Version | None) -> None:
    if version:
        versions.delete(service_id, version)
    layers.remove(versions.function(service_id), release_id)
    repository.remove_image(service_id, release_id)
    shelf.clear(service_id, release_id)
