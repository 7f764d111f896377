"""Where things lie under the supervisor's state directory."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path


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
        self._note(deployment_id).unlink(missing_ok=True)
        remove(self.artifact(deployment_id))
        remove(self.root / "homes" / deployment_id)

    def built(self) -> dict[str, dict[str, str]]:
        """What was noted of each artifact that is whole, the oldest first."""
        notes = sorted(
            _made(self.root / "built").glob("*.json"), key=lambda each: each.stat().st_mtime
        )
        found = {each.stem: json.loads(each.read_text()) for each in notes if each.stat().st_size}
        return {name: note for name, note in found.items() if self.artifact(name).is_dir()}

    def note_built(self, deployment_id: str, note: dict[str, str]) -> None:
        """Note that an artifact is whole, so that the next supervisor can start it."""
        self._note(deployment_id).write_text(json.dumps(note))

    def clear(self) -> None:
        """Remove what no supervisor can use any more: artifacts that are not whole."""
        whole = self.built()
        for name in ("artifacts", "homes"):
            for left in _made(self.root / name).iterdir():
                if left.name not in whole:
                    remove(left)

    def _note(self, deployment_id: str) -> Path:
        return _made(self.root / "built") / f"{deployment_id}.json"


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
