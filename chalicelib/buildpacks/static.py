"""Pages, which the platform's own static server serves."""

from dataclasses import dataclass

from . import node, python
from .folder import Folder

NO_PAGES = (
    "There is no index.html to publish: none in the root directory, none in public/, and none in "
    "dist/, build/ or out/ after a build script. Set publish_directory to the folder of the pages."
)


@dataclass(frozen=True)
class Site:
    """Pages in a directory; with ``fallback`` index.html answers for unknown paths too."""

    directory: str
    fallback: bool = False

    @property
    def arguments(self) -> list[str]:
        """What the static server is told."""
        return [*(["--fallback"] if self.fallback else []), "--", self.directory]


def alone(folder: Folder) -> Site | None:
    """What a build script has made, or the pages that lie there without any program."""
    if built := node.site(folder):
        return Site(built, fallback=True)
    if folder.has("package.json", "go.mod") or python.is_here(folder):
        return None
    return Site(place) if (place := _as_they_are(folder)) else None


def published(folder: Folder) -> str | None:
    """The folder that a static site's pages are in when nobody says which."""
    return node.site(folder) or _as_they_are(folder)


def _as_they_are(folder: Folder) -> str | None:
    places = {".": "index.html", "public": "public/index.html"}
    return next((place for place, index in places.items() if folder.has(index)), None)
