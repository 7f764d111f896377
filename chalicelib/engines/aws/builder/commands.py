"""Runs a user's command, shows what it prints, and keeps the end of it."""

import os
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from ....buildpacks.failures import Failure, explain

_OURS = ("AWS_", "ORBITRA_", "CODEBUILD_", "ECS_", "PYTHONPATH")
_KEPT_LINES = 200


def plain_environment() -> dict[str, str]:
    """The machine's own environment, with nothing of ours in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def environment(given: Mapping[str, str], tree: Path, root: Path) -> dict[str, str]:
    """The environment of a user's commands: nothing of ours, all of theirs."""
    mine = {
        "PYTHONUNBUFFERED": "1",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "XDG_CACHE_HOME": "/tmp/cache",  # noqa: S108 (the container is the build's own)
        "npm_config_include": "dev",
    }
    env = {**plain_environment(), **mine, **given}
    env["PATH"] = os.pathsep.join([*paths(root, tree), env.get("PATH", os.defpath)])
    return env


def paths(root: Path, tree: Path) -> list[str]:
    """Where an app's own commands lie; the first wins."""
    modules = [f"{place}/node_modules/.bin" for place in dict.fromkeys((root, tree))]
    return [f"{root}/.venv/bin", f"{root}/.orbitra/bin", *modules]


def run(
    arguments: Sequence[str], what: str, *, directory: Path, environment: Mapping[str, str]
) -> None:
    """Run a command to its end; ``Failure`` says how it ended when that was not well."""
    status, last = follow(arguments, directory=directory, environment=environment)
    if status:
        raise Failure(explain(f"{what} ended with", status, last))


def follow(
    arguments: Sequence[str], *, directory: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run a command to its end, showing what it prints; its exit status and its last lines."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with subprocess.Popen(
        arguments,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last.append(line)
    return process.returncode, "".join(last)
