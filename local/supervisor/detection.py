"""Finds out how a tree is built and started; what the user says wins."""

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from honcho.environ import parse_procfile

from local.supervisor.failures import Failure

_LARGEST = 1024 * 1024
NOTHING_FOUND = (
    "There is nothing here that says how to start the app: no Procfile with a web line, no "
    "package.json with a start script (nor server.js or index.js beside it), no app.py, no "
    "main.py. Add one of them, or set a start command; if the app lies in a folder of the "
    "repository, set the root directory."
)


@dataclass(frozen=True)
class Step:
    """A command of a build, and how the log names it."""

    title: str
    command: str


def build_steps(root: Path, build_command: str | None) -> list[Step]:
    """The commands that build the tree, in order; raises Failure for files that cannot be read."""
    environment = _python_environment(root, with_pip=bool(build_command))
    if build_command:
        return [*environment, Step(build_command, build_command)]
    commands = _node_commands(root)
    if _has(root, "requirements.txt"):
        commands.append("pip install -r requirements.txt")
    return [*environment, *(Step(command, command) for command in commands)]


def start_command(root: Path, explicit: str | None) -> str:
    """The command that starts the app; raises Failure when there is none."""
    found = explicit or _procfile_web(root) or _node_start(root) or _python_start(root)
    if not found:
        raise Failure(NOTHING_FOUND)
    return found


def _python_environment(root: Path, *, with_pip: bool) -> list[Step]:
    needs_pip = _has(root, "requirements.txt") or with_pip
    if not needs_pip and not any(root.glob("*.py")):
        return []
    if with_pip and not _has(root, "requirements.txt") and not any(root.glob("*.py")):
        return []
    options = "--clear" if needs_pip else "--clear --without-pip"
    make = f"{shlex.quote(sys.executable)} -m venv {options} .venv"
    return [Step("python -m venv .venv", make)]


def _node_commands(root: Path) -> list[str]:
    package = _package(root)
    if package is None:
        return []
    install = "npm ci" if _has(root, "package-lock.json") else "npm install"
    return [install, "npm run build"] if "build" in _scripts(package) else [install]


def _node_start(root: Path) -> str | None:
    package = _package(root)
    if package is None:
        return None
    if "start" in _scripts(package):
        return "npm start"
    files = (str(package.get("main", "")), "server.js", "index.js")
    return next((f"node {shlex.quote(name)}" for name in files if name and _has(root, name)), None)


def _python_start(root: Path) -> str | None:
    return next((f"python {name}" for name in ("app.py", "main.py") if _has(root, name)), None)


def _procfile_web(root: Path) -> str | None:
    text = _text(root, "Procfile")
    if text is None:
        return None
    try:
        found: str | None = parse_procfile(text).processes.get("web")
    except AssertionError:
        raise Failure("The Procfile names a process twice; keep one line of each.") from None
    return found


def _package(root: Path) -> dict[str, Any] | None:
    text = _text(root, "package.json")
    if text is None:
        return None
    try:
        package = json.loads(text)
    except ValueError as error:
        raise Failure(f"package.json is not valid JSON: {error}. Correct it and push.") from None
    if not isinstance(package, dict):
        raise Failure("package.json must hold an object. Correct it and push.")
    return package


def _scripts(package: dict[str, Any]) -> dict[str, Any]:
    scripts = package.get("scripts")
    return scripts if isinstance(scripts, dict) else {}


def _has(root: Path, name: str) -> bool:
    return _file(root, name) is not None


def _file(root: Path, name: str) -> Path | None:
    # A repository may hold links to anything on this machine.
    path = (root / name).resolve()
    return path if path.is_relative_to(root.resolve()) and path.is_file() else None


def _text(root: Path, name: str) -> str | None:
    path = _file(root, name)
    if path is None:
        return None
    if path.stat().st_size > _LARGEST:
        raise Failure(f"{name} is larger than 1 MiB; make it smaller.")
    return path.read_text(encoding="utf-8-sig", errors="replace")
