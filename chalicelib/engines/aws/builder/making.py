"""Makes an artifact: clones the branch, takes the steps of its language, zips the tree."""

import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ....buildpacks import detection, git, node, python, static
from ....buildpacks.failures import Failure
from ....buildpacks.folder import Folder, working_directory
from . import commands, packing, runtimes, urls
from .order import Order


def clone(order: Order) -> str:
    """Clone the branch into the tree; the commit's sha, or Failure."""
    build = order.build
    print(f'==> Cloning the branch "{build.branch}"', flush=True)
    shutil.rmtree(order.tree, ignore_errors=True)
    status, said = _git(order, git.clone(build, str(order.tree)))
    if status != 0:
        raise Failure(_why_not_cloned(order, said))
    _, sha = _git(order, git.command(build, "-C", str(order.tree), "rev-parse", "HEAD"))
    shutil.rmtree(order.tree / ".git")
    return sha.split()[-1]


def build(order: Order) -> dict[str, Any]:
    """Build the tree and send it off; how it can be run.

    ``runtime`` is Lambda's, ``start`` the command of its own program, ``site`` the pages that it
    has instead of one, ``pages`` where those of a static site are.
    """
    wanted, tree = order.build, order.tree
    root = working_directory(tree, wanted.root_directory)
    for remark in detection.remarks(root):
        print(f"==> {remark}", flush=True)
    for step in detection.build_steps(root, wanted.build_command, tree):
        print(f"==> {step.title}", flush=True)
        commands.run(
            ["/bin/sh", "-c", step.command],
            step.title,
            directory=step.directory or root,
            environment=commands.environment(wanted.environment, tree, root),
        )
    found = _found(root, tree)
    _send(order)
    return found


def _found(root: Path, tree: Path) -> dict[str, Any]:
    folder, start = Folder(root), detection.program_step(root, tree)
    site = static.alone(folder)
    return {
        "runtime": _runtime(root),
        "start": start.command if start else None,
        "site": asdict(site) if site else None,
        "pages": static.published(folder),
    }


def _send(order: Order) -> None:
    packing.check(order.tree)
    archive = packing.pack(order.tree)
    try:
        with archive.open("rb") as content:
            urls.put(order.artifact_url, content, archive.stat().st_size)
    finally:
        archive.unlink()


def _runtime(root: Path) -> str:
    """Node's for what begins with a package.json and has no Python; Python's runs all else."""
    folder = Folder(root)
    is_node = node.is_here(folder) and not python.is_here(folder)
    return f"nodejs{runtimes.NODE}.x" if is_node else f"python{runtimes.PYTHON}"


def _why_not_cloned(order: Order, said: str) -> str:
    if not git.lacks_branch(said):
        return git.why_unreachable(order.build, said)
    status, heads = _git(order, git.heads(order.build))
    return git.why_no_branch(order.build, is_empty=status == 0 and not heads.strip())


def _git(order: Order, command: list[str]) -> tuple[int, str]:
    env = {**os.environ, **git.environment(order.schemes), "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, errors="replace", check=False
    )
    said = git.redacted(done.stdout + done.stderr)
    if done.returncode:
        print(said, flush=True)
    return done.returncode, said
