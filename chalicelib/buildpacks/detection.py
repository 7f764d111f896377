"""Finds out how a tree is built and started; what the user says wins."""

from pathlib import Path

from honcho.environ import parse_procfile

from . import go, node, python
from .failures import Failure
from .folder import Folder, Step


def build_steps(
    root: Path, build_command: str | None, repository: Path | None = None
) -> list[Step]:
    """The commands that build the tree, in order; raises Failure for files that cannot be read."""
    folder, top = Folder(root), Folder(repository or root)
    tools = [*python.prepare(folder, with_pip=bool(build_command)), *node.prepare(folder, top)]
    if build_command:
        return [*tools, Step(build_command, build_command)]
    return [*tools, *node.build(folder, top), *python.build(folder), *go.build(folder)]


def program_step(root: Path, repository: Path) -> Step | None:
    """The command that starts the tree's own program, if it has one."""
    folder, top = Folder(root), Folder(repository)
    if command := in_procfile(folder, "web"):
        return Step(command, command)
    return node.start(folder, top) or python.start(folder) or go.start(folder)


def remarks(root: Path) -> list[str]:
    """What the user should know about the tree, though the build goes on."""
    return node.remarks(Folder(root))


def in_procfile(folder: Folder, name: str) -> str | None:
    """The command of a process in the Procfile, if there is one."""
    text = folder.text("Procfile")
    if text is None:
        return None
    try:
        found: str | None = parse_procfile(text).processes.get(name)
    except AssertionError:
        raise Failure("The Procfile names a process twice; keep one line of each.") from None
    return found
