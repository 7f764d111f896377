"""The pages: ``/docs``, ``/api/errors`` and the description itself, ``/openapi.json``."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..http.html import policy
from ..http.table import RouteTable

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def pages(table: RouteTable) -> dict[str, Callable[[], str]]:
    """Every page by its path; each is made when it is first asked for."""

    @cache
    def description() -> str:
        from ..http.openapi import describe

        return json.dumps(describe(table.routes), ensure_ascii=False, separators=(",", ":"))

    @cache
    def reference() -> str:
        from .reference import Reference

        return _page("reference.html", groups=Reference(json.loads(description())).groups())

    return {"/openapi.json": description, "/docs": reference, "/api/errors": _errors}


@cache
def _errors() -> str:
    from .errors import ERRORS

    return _page("errors.html", errors=ERRORS)


def _page(template: str, **shown: Any) -> str:
    """The page, which loads nothing from elsewhere."""
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in ("page.css", "page.js"))
    shown |= {"style": style, "script": script, "policy": policy(style, script)}
    return _environment().get_template(template).render(shown)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
