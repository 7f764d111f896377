"""The three processes of the local run: started, started again when one dies, ended."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

STOP_SECONDS = 30
MOST_DEATHS, WITHIN_SECONDS = 5, 60.0


class Children:
    """Processes by their names; each ends with our stdin pipe to it."""

    def __init__(self, commands: Mapping[str, Sequence[str]]) -> None:
        self._commands = commands
        self._all = {name: _start(command) for name, command in commands.items()}
        self._deaths: list[float] = []

    def first_line(self, name: str) -> str:
        """The first line that a child prints; empty when it ended before."""
        stdout = self._all[name].stdout
        return stdout.readline() if stdout else ""

    def revive(self) -> list[str]:
        """Start those again that have ended; what to say of each."""
        ended = {name: child for name, child in self._all.items() if child.poll() is not None}
        for name in ended:
            self._deaths.append(time.monotonic())
            self._all[name] = _start(self._commands[name])
        return [
            f"The {name} process ended with code {child.returncode}; it was started again."
            for name, child in ended.items()
        ]

    @property
    def is_hopeless(self) -> bool:
        """Whether children die so often that starting them again is of no use."""
        recent = [each for each in self._deaths if each > time.monotonic() - WITHIN_SECONDS]
        return len(recent) > MOST_DEATHS

    def end(self) -> None:
        """Ask all to end, and kill those that do not."""
        for child in self._all.values():
            child.terminate()
        for child in self._all.values():
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    """A process of its own group, so that Ctrl-C reaches it through us."""
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if "local.api" in command else None,
        text=True,
        start_new_session=True,
    )
