"""The table of routes, which a package holds as a file so that a cold start imports little.

Where the file is, a route's feature is imported when the route is first asked for; where it is
not, as in a checkout, every feature is imported at once. ``python -m chalicelib.http.table``
writes it into the package it is run in.
"""

import json
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from .router import Router
from .routes import Route
from .surfaces import all_routes

FILE = Path(__file__).with_name("routes.json")


class Entry(NamedTuple):
    """What must be known of a route before it is imported."""

    operation_id: str
    method: str
    path: str
    module: str


class RouteTable:
    """The routes of the product; ``load`` imports every feature and answers them all."""

    def __init__(self, load: Callable[[], list[Route]]) -> None:
        self._load = load
        self._imported: dict[str, Route] = {}

    @cached_property
    def entries(self) -> list[Entry]:
        """Every route, in the order of declaration."""
        if FILE.exists():
            return [Entry(*row) for row in json.loads(FILE.read_text("utf-8"))]
        return [_entry(route) for route in self._load()]

    @cached_property
    def routes(self) -> list[Route]:
        """Every route, imported."""
        self._load()
        return [self.route(entry) for entry in self.entries]

    @cached_property
    def router(self) -> Router:
        """Finds the route of a path among all."""
        return Router(self.routes)

    def route(self, entry: Entry) -> Route:
        """The route of an entry; imports its feature."""
        if entry.operation_id not in self._imported:
            import_module(entry.module)
            self._imported = {route.operation_id: route for route in all_routes()}
        return self._imported[entry.operation_id]


def _entry(route: Route) -> Entry:
    return Entry(route.operation_id, route.method, route.path, route.function.__module__)


def _write() -> None:
    from .. import features

    entries = [_entry(route) for route in features.all_routes()]
    FILE.write_text(json.dumps(entries, indent=0), "utf-8")


if __name__ == "__main__":
    _write()
