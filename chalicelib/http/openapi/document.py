"""The whole description."""

import inspect
import sys
from collections.abc import Iterable
from typing import Any

from ...settings import settings
from ..dialects import PLATFORM, PUBLIC, SITES
from ..routes import Route
from . import components
from .links import links
from .operation import Operation, tag

VERSION = "1.0.0"
INFO = {
    "title": "Orbitra",
    "version": VERSION,
    "summary": "A whole Platform-as-a-Service that costs nothing while idle",
    "description": (
        "Push a git repository, get a running app. `/v1` speaks snake_case, TypeIDs and pages;"
        " `/api` (also spelled `/api/v1`) UUIDs and offsets; its account and app routes camelCase."
        " A resource made on one surface is there on all. Every path takes an id in either"
        " spelling."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key (`ak_live_…`) or an access token",
}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description of these routes."""
    found, base = list(routes), settings().public_base_url
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for route in found:
        operation = Operation(route)
        written = operation.written()
        if next_steps := links(route, found):
            written["responses"][str(route.status)]["links"] = next_steps
        paths.setdefault(route.path, {})[route.method.lower()] = written
        schemas |= operation.schemas
    return {
        "openapi": "3.1.0",
        "info": {**INFO, "contact": {"name": "Reference", "url": f"{base}/docs"}},
        "servers": [{"url": base}],
        "security": [{"bearer": []}],
        "tags": _tags(found),
        "paths": paths,
        "components": _components(schemas, found),
    }


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    """A tag a feature, described by the first line of its docstring."""
    names = sorted({tag(route) for route in routes})
    return [{"name": name, "description": _told(name)} for name in names]


def _told(feature: str) -> str:
    module = sys.modules.get(f"chalicelib.{feature}")
    return (inspect.getdoc(module) or feature).partition("\n")[0]


def _components(schemas: dict[str, Any], routes: list[Route]) -> dict[str, Any]:
    spoken = [one for one in (PLATFORM, PUBLIC, SITES) if any(r.dialect is one for r in routes)]
    errors = {f"{one.name}.Error": one.error_schema() for one in spoken}
    responses = {
        components.error_name(one, status): components.error(one, status)
        for one in spoken
        for status in components.REASONS
        if status >= 400
    }
    return {
        "schemas": dict(sorted({**schemas, **errors}.items())),
        "responses": responses,
        "parameters": components.PARAMETERS,
        "headers": components.HEADERS,
        "securitySchemes": {"bearer": BEARER},
    }
