"""Where things lie under the supervisor's state directory."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.supervisor.failures import Failure


@dataclass(frozen=True)
class Places:
    """The state directory: artifacts/, homes/, caches/ and logs/."""

    root: Path

    def artifact(self, deployment_id: str) -> Path:
        """The tree that a deployment was cloned into and built in."""
        return self.root / "artifacts" / deployment_id

    def home(self, deployment_id: str) -> Path:
        """The home directory of a deployment's commands; made when first asked for."""
        return _made(self.root / "homes" / deployment_id)

    def caches(self, service_id: str) -> Path:
        """What package managers keep between the builds of a service."""
        return self.root / "caches" / service_id

    def build_log(self, deployment_id: str) -> Path:
        """The log of a build."""
        return _made(self.root / "logs" / "builds") / f"{deployment_id}.log"

    def service_log(self, service_id: str) -> Path:
        """The log of a service's processes."""
        return _made(self.root / "logs" / "services") / f"{service_id}.log"

    def remove_artifact(self, deployment_id: str) -> None:
        """Remove what a build made."""
        remove(self.artifact(deployment_id))
        remove(self.root / "homes" / deployment_id)

    def clear(self) -> None:
        """Begin anew: what an earlier run left is of no use without its memory."""
        for name in ("artifacts", "homes", "logs"):
            remove(self.root / name)
            (self.root / name).mkdir(mode=0o700, parents=True)


def working_directory(tree: Path, root_directory: str | None) -> Path:
    """The root directory within a tree; raises Failure when it is not there or leads out."""
    wanted = (root_directory or "").strip("/") or "."
    found = (tree / wanted).resolve()
    if not found.is_relative_to(tree.resolve()):
        raise Failure(
            f'The root directory "{wanted}" leads out of the repository; '
            "name a directory within it."
        )
    if not found.is_dir():
        raise Failure(
            f'The root directory "{wanted}" does not exist in the repository; '
            "correct it, or push the directory."
        )
    return found


def remove(path: Path) -> None:
    """Remove a tree, also one whose owner has made directories unreadable."""
    if not path.exists():
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        _open_directories(path)
        shutil.rmtree(path, ignore_errors=True)


def _open_directories(path: Path) -> None:
    path.chmod(0o700)
    for parent, names, _ in os.walk(path):
        for found in (Path(parent, name) for name in names):
            if not found.is_symlink():
                found.chmod(0o700)


def _made(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
