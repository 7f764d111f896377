"""A folder of a stranger's repository, and the steps that are taken in it."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.supervisor.failures import Failure

_LARGEST = 1024 * 1024


@dataclass(frozen=True)
class Step:
    """A command, how the log names it, and where it runs if not in the root directory."""

    title: str
    command: str
    directory: Path | None = None


@dataclass(frozen=True)
class Folder:
    """A folder whose files are read safely: they may be links to anything on this machine."""

    path: Path

    def has(self, *names: str) -> bool:
        """Whether one of these files is there."""
        return any(self._file(name) for name in names)

    def text(self, name: str) -> str | None:
        """What a file says; None when there is none."""
        path = self._file(name)
        if path is None:
            return None
        if path.stat().st_size > _LARGEST:
            raise Failure(f"{name} is larger than 1 MiB; make it smaller.")
        return path.read_text(encoding="utf-8-sig", errors="replace")

    def beginning(self, name: str) -> str | None:
        """The first few lines of a file of any size; None when there is none."""
        path = self._file(name)
        if path is None:
            return None
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.read(1024)

    def json(self, name: str) -> dict[str, Any] | None:
        """The object in a JSON file; None when there is no such file."""
        found = self._parsed(name, json.loads, "JSON")
        if found is not None and not isinstance(found, dict):
            raise Failure(f"{name} must hold an object. Correct it and push.")
        return found

    def toml(self, name: str) -> dict[str, Any] | None:
        """The table in a TOML file; None when there is no such file."""
        found: dict[str, Any] | None = self._parsed(name, tomllib.loads, "TOML")
        return found

    def _parsed(self, name: str, parse: Callable[[str], Any], kind: str) -> Any:
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse(text)
        except (ValueError, RecursionError) as error:
            message = f"{name} is not valid {kind}: {error}. Correct it and push."
            raise Failure(message) from None

    def _file(self, name: str) -> Path | None:
        path = (self.path / name).resolve()
        return path if path.is_relative_to(self.path.resolve()) and path.is_file() else None
