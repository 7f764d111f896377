"""Finds out how a tree is built and started; what the user says wins."""

from pathlib import Path

from honcho.environ import parse_procfile

from chalicelib.engines.base import Release
from local.supervisor.failures import Failure
from local.supervisor.languages import go, node, python, static
from local.supervisor.languages.folder import Folder, Step

NOTHING_FOUND = (
    "There is nothing here that says how to start the app: no Procfile with a web line, no "
    "package.json with a start script (nor server.js or index.js beside it), no app.py, no "
    "main.py, no go.mod, no index.html (nor one in public/, or in dist/, build/ or out/ after a "
    "build script). Add one of them, or set a start command; if the app lies in a folder of the "
    "repository, set the root directory."
)

NO_WORKER = (
    "There is nothing here that says how to start the worker: no Procfile with a worker line. Add "
    "one, or set a start command; if the worker lies in a folder of the repository, set the root "
    "directory."
)


def build_steps(
    root: Path, build_command: str | None, repository: Path | None = None
) -> list[Step]:
    """The commands that build the tree, in order; raises Failure for files that cannot be read."""
    folder, top = Folder(root), Folder(repository or root)
    tools = [*python.prepare(folder, with_pip=bool(build_command)), *node.prepare(folder, top)]
    if build_command:
        return [*tools, Step(build_command, build_command)]
    return [*tools, *node.build(folder, top), *python.build(folder), *go.build(folder)]


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
    if command := explicit or _in_procfile(Folder(root), "worker"):
        return Step(command, command)
    raise Failure(NO_WORKER)


def start_step(root: Path, explicit: str | None, repository: Path | None = None) -> Step:
    """The command that starts the app; raises Failure when there is none."""
    folder, top = Folder(root), Folder(repository or root)
    if command := explicit or _in_procfile(folder, "web"):
        return Step(command, command)
    found = node.start(folder, top) or python.start(folder) or go.start(folder)
    if found := found or static.start(folder):
        return found
    raise Failure(NOTHING_FOUND)


def remarks(root: Path) -> list[str]:
    """What the user should know about the tree, though the build goes on."""
    return node.remarks(Folder(root))


def _in_procfile(folder: Folder, name: str) -> str | None:
    text = folder.text("Procfile")
    if text is None:
        return None
    try:
        found: str | None = parse_procfile(text).processes.get(name)
    except AssertionError:
        raise Failure("The Procfile names a process twice; keep one line of each.") from None
    return found
