"""Python: requirements.txt, uv, Poetry, or pyproject.toml alone."""

import shlex
import shutil
import sys

from local.supervisor.languages.folder import Folder, Step

_UV = Step("pip install uv", "pip install --quiet uv")
_SYNC = "uv sync --frozen --no-dev --inexact"
_POETRY = Step("pip install poetry", (
    'tool="$XDG_CACHE_HOME/poetry"; "$tool/bin/poetry" --version 2>/dev/null || '
    f'{{ {shlex.quote(sys.executable)} -m venv --clear "$tool" && '
    '"$tool/bin/pip" install --quiet "poetry>=2,<3"; }'
))  # fmt: skip
_INSTALL = "poetry install --no-root --only main --no-interaction"
_FILES = ("app.py", "main.py")


def is_here(folder: Folder) -> bool:
    """Whether the folder holds anything of Python."""
    return _has_packages(folder) or any(folder.path.glob("*.py"))


def prepare(folder: Folder, *, with_pip: bool) -> list[Step]:
    """Make the virtual environment, and get uv or Poetry when the lock file is theirs."""
    if not is_here(folder):
        return []
    options = "--clear" if with_pip or _has_packages(folder) else "--clear --without-pip"
    make = f"{shlex.quote(sys.executable)} -m venv {options} .venv"
    return [Step("python -m venv .venv", make), *_tool(folder)]


def build(folder: Folder) -> list[Step]:
    """Install what the first of these lists: requirements.txt, a lock file, pyproject.toml."""
    match _kind(folder):
        case "pip":
            return [_same("pip install -r requirements.txt")]
        case "uv":
            return [_same(_SYNC)]
        case "poetry":
            poetry = "poetry" if shutil.which("poetry") else '"$XDG_CACHE_HOME/poetry/bin/poetry"'
            return [Step(_INSTALL, _INSTALL.replace("poetry", poetry, 1))]
        case "project":
            return [_same("pip install .")]
    return []


def start(folder: Folder) -> Step | None:
    """The file that customarily holds the app."""
    return next((_same(f"python {name}") for name in _FILES if folder.has(name)), None)


def _kind(folder: Folder) -> str | None:
    if folder.has("requirements.txt"):
        return "pip"
    project = folder.toml("pyproject.toml")
    if project is None:
        return None
    if folder.has("uv.lock"):
        return "uv"
    if folder.has("poetry.lock"):
        return "poetry"
    # Many a pyproject.toml only configures a linter.
    return "project" if "project" in project or "build-system" in project else None


def _has_packages(folder: Folder) -> bool:
    return _kind(folder) is not None


def _tool(folder: Folder) -> list[Step]:
    wanted = {"uv": _UV, "poetry": _POETRY}.get(_kind(folder) or "")
    return [wanted] if wanted and not shutil.which(_kind(folder) or "") else []


def _same(command: str) -> Step:
    return Step(command, command)
