"""Node: npm, Yarn and pnpm, with workspaces."""

import shlex
import shutil
import subprocess
from typing import Any

from . import node_versions, package_managers
from .folder import Folder, Step

_OUTPUTS = ("dist", "build", "out")


def is_here(folder: Folder) -> bool:
    """Whether the folder holds a package of Node."""
    return folder.has("package.json")


def prepare(folder: Folder, top: Folder) -> list[Step]:
    """What puts the package manager on the PATH, when it is not Node's own npm."""
    if not is_here(folder):
        return []
    manager = package_managers.of(_installed_at(folder, top))
    if not manager.package:
        return []
    package = shlex.quote(manager.package)
    command = f"npm install --global --loglevel=error --prefix .orbitra {package}"
    return [Step(f"npm install --global {manager.package}", command)]


def build(folder: Folder, top: Folder) -> list[Step]:
    """Install what package.json lists, and run its build script."""
    package = folder.json("package.json")
    if package is None:
        return []
    place = _installed_at(folder, top)
    manager = package_managers.of(place)
    steps = [manager.step(manager.install, place.path)]
    if "build" in _scripts(package):
        steps.append(manager.step(f"{manager.name} run build"))
    return steps


def start(folder: Folder, top: Folder) -> Step | None:
    """The start script, or the file that package.json or custom names."""
    package = folder.json("package.json")
    if package is None:
        return None
    if "start" in _scripts(package):
        manager = package_managers.of(_installed_at(folder, top))
        return manager.step(f"{manager.name} start")
    names = (str(package.get("main", "")), "server.js", "index.js")
    found = (f"node {shlex.quote(name)}" for name in names if name and folder.has(name))
    return next((Step(command, command) for command in found), None)


def site(folder: Folder) -> str | None:
    """The folder that the build script has written a site to."""
    package = folder.json("package.json")
    if package is None or "build" not in _scripts(package):
        return None
    return next((name for name in _OUTPUTS if folder.has(f"{name}/index.html")), None)


def remarks(folder: Folder) -> list[str]:
    """What is to be said when this machine's Node is not the one that package.json asks for."""
    engines = (folder.json("package.json") or {}).get("engines")
    wanted = engines.get("node") if isinstance(engines, dict) else None
    if not isinstance(wanted, str) or not shutil.which("node"):
        return []
    version = _version()
    if node_versions.allows(wanted, node_versions.major(version)):
        return []
    return [
        f'Warning: package.json asks for Node "{wanted}" (engines.node), but this machine has '
        f"Node {version}. The build goes on with {version}; install the other one here if it fails."
    ]


def _version() -> str:
    command = ["node", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return said.stdout.strip().removeprefix("v")


def _installed_at(folder: Folder, top: Folder) -> Folder:
    """The repository's top when the lock file lies there, and the folder is a workspace of it."""
    if folder.has(*package_managers.LOCKS) or not top.has(*package_managers.LOCKS):
        return folder
    package = top.json("package.json") or {}
    return top if "workspaces" in package or top.has("pnpm-workspace.yaml") else folder


def _scripts(package: dict[str, Any]) -> dict[str, Any]:
    scripts = package.get("scripts")
    return scripts if isinstance(scripts, dict) else {}
