"""Python: requirements.txt, uv, Poetry, or pyproject.toml alone."""

import shlex
import sys

from .folder import Folder, Step

# uv lives in the app's own environment; Poetry in the service's cache, for it brings a lot along.
_UV = Step("pip install uv", "uv --version 2>/dev/null || pip install --quiet uv")
_POETRY = Step("pip install poetry", f"""poetry --version 2>/dev/null || {{
    tool="$XDG_CACHE_HOME/poetry"
    "$tool/bin/poetry" --version 2>/dev/null || {{
        {shlex.quote(sys.executable)} -m venv --clear "$tool" &&
        "$tool/bin/pip" install --quiet "poetry>=2,<3"
    }} && mkdir -p .orbitra/bin && ln -sf "$tool/bin/poetry" .orbitra/bin/poetry
}}""")  # fmt: skip
_TOOLS = {"uv": [_UV], "poetry": [_POETRY]}
_INSTALLS = {
    "pip": "pip install -r requirements.txt",
    "uv": "uv sync --frozen --no-dev --inexact",
    "poetry": "poetry install --no-root --only main --no-interaction",
    "project": "pip install .",
}
_FILES = ("app.py", "main.py")


def is_here(folder: Folder) -> bool:
    """Whether the folder holds anything of Python."""
    return _kind(folder) is not None or any(folder.path.glob("*.py"))


def prepare(folder: Folder, *, with_pip: bool) -> list[Step]:
    """Make the virtual environment, and get uv or Poetry when the lock file is theirs."""
    if not is_here(folder):
        return []
    kind = _kind(folder)
    options = "--clear" if with_pip or kind else "--clear --without-pip"
    make = f"{shlex.quote(sys.executable)} -m venv {options} .venv"
    return [Step("python -m venv .venv", make), *_TOOLS.get(kind or "", [])]


def build(folder: Folder) -> list[Step]:
    """Install what the first of these lists: requirements.txt, a lock file, pyproject.toml."""
    kind = _kind(folder)
    return [_same(_INSTALLS[kind])] if kind else []


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


def _same(command: str) -> Step:
    return Step(command, command)
