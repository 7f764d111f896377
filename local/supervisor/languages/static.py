"""Sites without a process of their own, served by our static server."""

import shlex
import sys
from pathlib import Path

from local import static_server
from local.supervisor.languages import node, python
from local.supervisor.languages.folder import Folder, Step


def start(folder: Folder) -> Step | None:
    """Serve what a build script has made, or the pages that lie there as they are."""
    if built := node.site(folder):
        return _serve(built, "--fallback")
    if folder.has("package.json", "go.mod") or python.is_here(folder):
        return None
    if folder.has("index.html"):
        return _serve(".")
    return _serve("public") if folder.has("public/index.html") else None


def _serve(directory: str, *options: str) -> Step:
    # -I: the user's environment shall not change what this process imports.
    server = str(Path(static_server.__file__).resolve())
    arguments = [sys.executable, "-I", "-u", server, *options, directory]
    place = "the static files" if directory == "." else f"the static files in {directory}/"
    return Step(f"Serving {place}", f"exec {shlex.join(arguments)}")
