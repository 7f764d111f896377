"""Releases: begun, looked at, ended."""

from typing import Any

from ...settings import settings
from ..base import Build, Progress, Release, Stage
from . import builds, functions, health, images, layers, repository, runs, shelf, traffic, versions
from .functions import STARTING
from .packages import Image, Package, Zip

KEPT = 10
NOT_BUILT = "The build of this deployment is no longer kept; deploy it again."
NO_COMMAND_IN_IMAGE = (
    "The image says nothing of how to start the app: add CMD to its Dockerfile, or set a start "
    "command."
)
NO_COMMAND = (
    "There is nothing here that says how to start the app: no Procfile with a web line, no "
    "package.json with a start script, no app.py, no main.py, no go.mod. Add one of them, or set "
    "a start command. Static files alone are not served on AWS: add a server."
)


def start(release: Release) -> Progress:
    """Begin to start the release, or say how far it is."""
    if checked := _check(release):
        return checked
    built = runs.result(release.service_id, release.deployment_id)
    if built is None or "failure" in built:
        return Progress(Stage.FAILED, message=NOT_BUILT, phase="start")
    package = _package(release, built)
    if isinstance(package, str):
        return Progress(Stage.FAILED, message=package, phase="start")
    _note(release, package)
    command = release.pre_deploy_command
    if command and (waiting := _prepare(release, package, command)):
        return waiting
    return functions.bring(release, package) or _check(release) or STARTING


def cancel(release_id: str) -> None:
    """End the start of a release and remove what it left; what traffic goes to stays."""
    service_id = shelf.owner(release_id)
    if service_id is None:
        return
    version = versions.find(service_id, release_id)
    alias = versions.live(service_id)
    if version and alias and alias["FunctionVersion"] == version.number:
        return
    note = shelf.read(shelf.key(service_id, release_id, functions.NOTE)) or {}
    if note.get("was_stopped"):
        traffic.stop(service_id)
    runs.stop(service_id, release_id)
    _remove(service_id, release_id, version)


def retire(service_id: str, keep: str | None) -> None:
    """Lead the traffic to ``keep``, or let nothing run; keep the last ten versions."""
    if keep is None:
        traffic.stop(service_id)
    elif kept := versions.find(service_id, keep):
        traffic.lead(service_id, kept)
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
    places = (shelf.key(service_id, each.release_id, functions.NOTE) for each in found)
    notes = (shelf.read(place) or {} for place in places)
    return {note["image_of"] for note in notes if note.get("image_of")}


def _package(release: Release, built: dict[str, Any]) -> Package | str:
    """What the function of a release is made of, or why there is nothing."""
    command = release.start_command or built.get("start")
    if not built.get("is_image"):
        return Zip(release, built["runtime"], command) if command else NO_COMMAND
    if not (release.start_command or built["has_command"]):
        return NO_COMMAND_IN_IMAGE
    uri = images.of_release(release)
    return Image(uri) if uri else NOT_BUILT


def _check(release: Release) -> Progress | None:
    """How healthy the release's version is; None when there is no version yet."""
    version = versions.find(release.service_id, release.release_id)
    if version is None:
        return None
    traffic.let_run(release.service_id)
    return health.check(release, version)


def _note(release: Release, package: Package) -> None:
    """Keep what the switch will need; take the bound off a service that is stopped."""
    place = functions.note_place(release)
    if shelf.has(place):
        return
    shelf.own(release.service_id, release.release_id)
    was_stopped = traffic.is_stopped(release.service_id)
    note = {
        "instances": release.instances,
        "max_instances": release.max_instances,
        "sleeps": release.sleeps,
        "was_stopped": was_stopped,
        "image_of": release.deployment_id if package.kind == "Image" else None,
    }
    shelf.write_first(place, note)


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
