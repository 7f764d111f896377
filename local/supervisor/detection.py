"""Finds out how a release is started; what the user says wins."""

from pathlib import Path

from chalicelib.buildpacks.detection import in_procfile, program_step
from chalicelib.buildpacks.failures import NOTHING_FOUND, Failure
from chalicelib.buildpacks.folder import Folder, Step
from chalicelib.engines.base import Release
from local.supervisor import static

NO_WORKER = (
    "There is nothing here that says how to start the worker: no Procfile with a worker line. Add "
    "one, or set a start command; if the worker lies in a folder of the repository, set the root "
    "directory."
)


def step_of(release: Release, root: Path, repository: Path) -> Step:
    """The command that starts a release; raises Failure when there is none."""
    match release.project_type:
        case "worker":
            return worker_step(root, release.start_command)
        case "static_site":
            return static.site(root, release.publish_directory, spa=release.spa)
        case "web_service":
            return start_step(root, release.start_command, repository)


def worker_step(root: Path, explicit: str | None) -> Step:
    """The command that starts a worker; raises Failure when there is none."""
    if command := explicit or in_procfile(Folder(root), "worker"):
        return Step(command, command)
    raise Failure(NO_WORKER)


def start_step(root: Path, explicit: str | None, repository: Path | None = None) -> Step:
    """The command that starts the app; raises Failure when there is none."""
    if explicit:
        return Step(explicit, explicit)
    if found := program_step(root, repository or root) or static.start(Folder(root)):
        return found
    raise Failure(NOTHING_FOUND)
