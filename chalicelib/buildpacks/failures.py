"""Why a build or a start failed, in words that say what to do."""

import signal

from ..engines.base import Phase
from ..engines.causes import LAST_OUTPUT, in_output, last_lines

NOTHING_FOUND = (
    "There is nothing here that says how to start the app: no Procfile with a web line, no "
    "package.json with a start script (nor server.js or index.js beside it), no app.py, no "
    "main.py, no go.mod, no index.html (nor one in public/, or in dist/, build/ or out/ after a "
    "build script). Add one of them, or set a start command; if the app lies in a folder of the "
    "repository, set the root directory."
)


class Failure(Exception):
    """A build or a start cannot go on; its text is shown to the user as it is."""

    def __init__(self, message: str, phase: Phase | None = None) -> None:
        super().__init__(message)
        self.phase = phase


def missing(command: str) -> str:
    """What to do when this machine lacks a command that a language comes with."""
    return hint(f"sh: {command}: not found")


def hint(output: str) -> str:
    """What to do about an error that the output shows; empty when it is none that is known."""
    found = in_output(output)
    return found.suggestions[0] if found else ""


def ending(status: int) -> str:
    """How a process ended, from its exit status (negative, or over 128: a signal)."""
    number = -status if status < 0 else status - 128
    if number <= 0 or number not in signal.valid_signals():
        return f"exit code {status}"
    name = signal.Signals(number).name if number in list(signal.Signals) else str(number)
    return f"signal {name}" + (" (out of memory?)" if number == signal.SIGKILL else "")


def explain(what: str, status: int, output: str) -> str:
    """One message: what ended how, what to do, and the lines it printed last or that tell why."""
    said = (
        "\n".join([LAST_OUTPUT, *lines]) if (lines := _telling(output)) else "It printed nothing."
    )
    return " ".join(part for part in (f"{what} {ending(status)}.", hint(output), said) if part)


def _telling(output: str) -> list[str]:
    found, last = in_output(output), last_lines(output)
    earlier = [line for line in found.evidence if line not in last] if found else []
    return [*earlier, *last]
