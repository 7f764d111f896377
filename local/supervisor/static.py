"""Sites without a process of their own, served by our static server."""

import shlex
import sys
from pathlib import Path

from chalicelib.buildpacks import node, python
from chalicelib.buildpacks.failures import Failure
from chalicelib.buildpacks.folder import Folder, Step, directory_within
from local import static_server

NO_PAGES = (
    "There is no index.html to publish: none in the root directory, none in public/, and none in "
    "dist/, build/ or out/ after a build script. Set publish_directory to the folder of the pages."
)


def start(folder: Folder) -> Step | None:
    """Serve what a build script has made, or the pages that lie there as they are."""
    if built := node.site(folder):
        return _serve(built, "--fallback")
    if folder.has("package.json", "go.mod") or python.is_here(folder):
        return None
    return _serve(place) if (place := _pages(folder)) else None


def site(root: Path, publish_directory: str | None, *, spa: bool) -> Step:
    """Serve the pages of a static site; raises Failure when there are none."""
    folder = Folder(root)
    if publish_directory:
        directory_within(root, publish_directory, ("publish directory", "root directory"))
    if place := (publish_directory or "").rstrip("/") or node.site(folder) or _pages(folder):
        return _serve(place, *(["--fallback"] if spa else []))
    raise Failure(NO_PAGES)


def _pages(folder: Folder) -> str | None:
    """The folder of pages that lie there as they are."""
    places = {".": "index.html", "public": "public/index.html"}
    return next((place for place, index in places.items() if folder.has(index)), None)


def _serve(directory: str, *options: str) -> Step:
    # -I: the user's environment shall not change what this process imports.
    server = str(Path(static_server.__file__).resolve())
    arguments = [sys.executable, "-I", "-u", server, *options, "--", directory]
    place = "the static files" if directory == "." else f"the static files in {directory}/"
    return Step(f"Serving {place}", f"exec {shlex.join(arguments)}")
