"""Sites without a process of their own, served by our static server."""

import shlex
import sys
from pathlib import Path

from chalicelib.buildpacks import static
from chalicelib.buildpacks.failures import Failure
from chalicelib.buildpacks.folder import Folder, Step, directory_within
from chalicelib.buildpacks.static import NO_PAGES, Site
from chalicelib.engines import static_server


def start(folder: Folder) -> Step | None:
    """Serve the pages of a folder that has nothing else to run."""
    return _serve(found) if (found := static.alone(folder)) else None


def site(root: Path, publish_directory: str | None, *, spa: bool) -> Step:
    """Serve the pages of a static site; raises Failure when there are none."""
    if publish_directory:
        directory_within(root, publish_directory, ("publish directory", "root directory"))
    if place := (publish_directory or "").rstrip("/") or static.published(Folder(root)):
        return _serve(Site(place, fallback=spa))
    raise Failure(NO_PAGES)


def _serve(site: Site) -> Step:
    # -I: the user's environment shall not change what this process imports.
    server = str(Path(static_server.__file__).resolve())
    arguments = [sys.executable, "-I", "-u", server, *site.arguments]
    at = site.directory
    place = "the static files" if at == "." else f"the static files in {at}/"
    return Step(f"Serving {place}", f"exec {shlex.join(arguments)}")
