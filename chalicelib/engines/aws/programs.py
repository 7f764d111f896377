"""What runs in a release's function: the app's own program, or our static server."""

import shlex
from dataclasses import dataclass
from typing import Any

from ...buildpacks.failures import NOTHING_FOUND, Failure
from ...buildpacks.static import NO_PAGES, Site
from ..base import Release
from . import layers
from .builder import runtimes


@dataclass(frozen=True)
class Program:
    """A shell command, and the runtime of Lambda in which it has what it needs."""

    runtime: str
    command: str


def of(release: Release, built: dict[str, Any]) -> Program:
    """What the release runs of what was built; raises Failure when there is nothing."""
    if release.project_type == "static_site":
        return _serving(_site(release, built["pages"]))
    if command := release.start_command or built["start"]:
        return Program(built["runtime"], command)
    if built["site"]:
        return _serving(Site(**built["site"]))
    raise Failure(NOTHING_FOUND)


def _site(release: Release, pages: str | None) -> Site:
    if place := (release.publish_directory or "").rstrip("/") or pages:
        return Site(place, fallback=release.spa)
    raise Failure(NO_PAGES)


def _serving(site: Site) -> Program:
    python = f"python{runtimes.PYTHON}"
    # -I: the user's environment shall not change what this process imports.
    arguments = [f"/var/lang/bin/{python}", "-I", "-u", layers.SERVER, *site.arguments]
    return Program(python, f"exec {shlex.join(arguments)}")
