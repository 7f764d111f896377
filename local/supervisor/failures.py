"""Why a build or a start failed, in words that say what to do."""

import re
import signal


class Failure(Exception):
    """A build or a start cannot go on; its text is shown to the user as it is."""


def _in_javascript(found: re.Match[str]) -> str:
    name = found[1]
    if name.startswith((".", "/")):
        return f"The file {name} is missing; check its path and that it is committed."
    return f'Add "{name}" to the dependencies in package.json.'


_SOURCES = {
    "go": ("Go", "https://go.dev/dl/"),
    "node": ("Node", "https://nodejs.org/"),
    "npm": ("Node", "https://nodejs.org/"),
}


def missing(command: str) -> str:
    """What to do when this machine lacks what a language comes with."""
    name, source = _SOURCES[command]
    return (
        f"This machine has no {name} (the command {command} is not on the PATH); "
        f"install it from {source}, start Orbitra again, and deploy."
    )


def _not_found(found: re.Match[str]) -> str:
    if found[1] in _SOURCES:
        return missing(found[1])
    return (
        f'The command "{found[1]}" was not found; add the package that provides it '
        "to the dependencies, or correct the command."
    )


def _outdated(lock: str, command: str) -> str:
    return f"{lock} does not fit the dependencies; run {command} and push the file."


_HINTS = (
    (
        re.compile(r"ModuleNotFoundError: No module named '([^'.]+)"),
        lambda found: f'Add the package that provides "{found[1]}" to requirements.txt.',
    ),
    (re.compile(r"Cannot find (?:module|package) '([^']+)'"), _in_javascript),
    (
        re.compile(r"can't open file '?([^':]+)"),
        lambda found: (
            f"The file {found[1].rsplit('/', 1)[-1]} is missing; check the start command "
            "and the root directory."
        ),
    ),
    (
        re.compile(r"sh: (?:\d+: |line \d+: )?(\S+): (?:command )?not found"),
        _not_found,
    ),
    (
        re.compile(r'Missing script: "?([\w:-]+)'),
        lambda found: f'Add a "{found[1]}" script to package.json, or set the command.',
    ),
    (
        re.compile(r"EADDRINUSE|[Aa]ddress already in use"),
        lambda _: "The port is taken; listen on the port in the environment variable PORT.",
    ),
    (
        re.compile(r"Cannot fork|fork: retry|can't start new thread|fork/exec .*unavailable"),
        lambda _: "It may have no more processes and threads; make it start fewer at once.",
    ),
    (
        re.compile(r"[Nn]o space left on device"),
        lambda _: "It has no more room there; make it write less, or not to /tmp.",
    ),
    (
        re.compile(r'can only install packages when|Run "npm help ci" for more'),
        lambda _: _outdated("package-lock.json", "npm install"),
    ),
    (
        re.compile(r"ERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH)"),
        lambda _: _outdated("pnpm-lock.yaml", "pnpm install"),
    ),
    (
        re.compile(r"lockfile needs to be updated|YN0028"),
        lambda _: _outdated("yarn.lock", "yarn install"),
    ),
    (
        re.compile(r"pyproject.toml changed significantly since poetry.lock"),
        lambda _: _outdated("poetry.lock", "poetry lock"),
    ),
    (
        re.compile(r"Failed to parse `?uv.lock|lockfile at `?uv.lock.* needs to be updated"),
        lambda _: _outdated("uv.lock", "uv lock"),
    ),
    (
        re.compile(r"No interpreter found for Python (\d[\d.]*)|download/\d+/cpython-(\d+\.\d+)"),
        lambda found: (
            f"This machine has no Python {found[1] or found[2]} and could not download it; install "
            "it, or ask for another one in .python-version and requires-python."
        ),
    ),
    (
        re.compile(r"Python version \((\S+)\) is not allowed|requires a different Python: (\S+)"),
        lambda found: (
            f"This machine builds with Python {found[1] or found[2]}; let requires-python in "
            "pyproject.toml allow it, or use uv, which gets the Python that is asked for."
        ),
    ),
    (
        re.compile(r"Multiple top-level (?:packages|modules) discovered"),
        lambda _: (
            "pip cannot tell which of the folders is the app; list the dependencies in "
            "requirements.txt, or name the packages in pyproject.toml (tool.setuptools.packages)."
        ),
    ),
)


def hint(output: str) -> str:
    """What to do about an error that the output shows; empty when it is none that is known."""
    for pattern, advice in _HINTS:
        if found := pattern.search(output):
            return advice(found)
    return ""


def ending(status: int) -> str:
    """How a process ended, from its exit status (negative, or over 128: a signal)."""
    number = -status if status < 0 else status - 128
    if number <= 0 or number not in signal.valid_signals():
        return f"exit code {status}"
    name = signal.Signals(number).name if number in list(signal.Signals) else str(number)
    return f"signal {name}" + (" (out of memory?)" if number == signal.SIGKILL else "")


def explain(what: str, status: int, output: str) -> str:
    """One message: what ended how, what to do, and the last few lines it printed."""
    lines = [line for line in output.splitlines() if line.strip()][-5:]
    said = "\n".join(["Its last output:", *lines]) if lines else "It printed nothing."
    return " ".join(part for part in (f"{what} {ending(status)}.", hint(output), said) if part)
