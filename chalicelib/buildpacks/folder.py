"""A folder of a stranger's repository, and the steps that are taken in it."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failures import Failure

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


def working_directory(tree: Path, root_directory: str | None) -> Path:
    """The root directory within a tree; raises Failure when it is not there or leads out."""
    return directory_within(tree, root_directory or "", ("root directory", "repository"))


def directory_within(place: Path, path: str, called: tuple[str, str]) -> Path:
    """The directory at a path that a user wrote; raises Failure when it is not there or leads out.

    ``called`` says what the directory and the place are.
    """
    wanted = path.strip("/") or "."
    found = (place / wanted).resolve()
    name, whole = called
    if not found.is_relative_to(place.resolve()):
        message = f'The {name} "{wanted}" leads out of the {whole}; name a directory within it.'
        raise Failure(message)
    if not found.is_dir():
        raise Failure(
            f'The {name} "{wanted}" does not exist in the {whole}; '
            "correct it, or push the directory."
        )
    return found
