"""Go: one command is built, at the top of the module or below cmd/."""

import shlex
import shutil

from .failures import Failure, missing
from .folder import Folder, Step

_SEVERAL = (
    "There is not exactly one command to build: no .go file lies beside go.mod, and cmd/ holds "
    "{count} folders. Set a build command (go build -o app ./cmd/name)."
)


def build(folder: Folder) -> list[Step]:
    """Build the module's command."""
    if not folder.has("go.mod"):
        return []
    if not shutil.which("go"):
        raise Failure(missing("go"))
    command = f"go build -o {_output(folder)} {_package(folder)}"
    return [Step(command, command)]


def start(folder: Folder) -> Step | None:
    """Start what was built."""
    if not folder.has("go.mod"):
        return None
    return Step(f"./{_output(folder)}", f"./{_output(folder)}")


def _package(folder: Folder) -> str:
    if any(folder.path.glob("*.go")):
        return "."
    found = [path.name for path in folder.path.glob("cmd/*") if path.is_dir()]
    if len(found) != 1:
        raise Failure(_SEVERAL.format(count=len(found)))
    return shlex.quote(f"./cmd/{found[0]}")


def _output(folder: Folder) -> str:
    return "app.bin" if (folder.path / "app").is_dir() else "app"
