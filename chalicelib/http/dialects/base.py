"""What a dialect is: one surface's way of writing."""

from collections.abc import Mapping
from typing import Any, Protocol

from ...errors import ApiError
from ..call import Call
from ..pages import Page, read_number

INTEGER = {"type": "integer"}
STRING = {"type": "string"}
DATE_TIME = {"type": "string", "format": "date-time"}


def object_schema(**properties: Any) -> dict[str, Any]:
    """The JSON schema of an object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


class Dialect(Protocol):
    """One surface's way of writing."""

    @property
    def name(self) -> str:
        """What the surface is called."""

    @property
    def default_limit(self) -> int:
        """How many rows a page has when nothing is said."""

    def id(self, typeid: str) -> str:
        """An id as this surface spells it."""

    def id_schema(self, prefix: str) -> dict[str, Any]:
        """The JSON schema of such an id."""

    def time(self, ms: int) -> Any:
        """A time, given in epoch milliseconds."""

    def time_schema(self) -> dict[str, Any]:
        """The JSON schema of a time."""

    def page(self, query: Mapping[str, str], default_limit: int) -> Page:
        """The page that the query asks for. Raises ``InvalidRequest``."""

    def page_parameters(self, default_limit: int) -> dict[str, dict[str, Any]]:
        """The JSON schemas of the query parameters that choose a page."""

    def one(self, resource: Any, call: Call) -> Any:
        """The body of an answer with one resource."""

    def many(self, rows: list[Any], page: Page, total: int, plural: str, call: Call) -> Any:
        """The body of an answer with a list."""

    def many_schema(self, row: dict[str, Any], plural: str) -> dict[str, Any]:
        """The JSON schema of such a body."""

    def error(self, error: ApiError, call: Call) -> Any:
        """The body of an error."""

    def error_schema(self) -> dict[str, Any]:
        """The JSON schema of such a body."""


class OffsetDialect:
    """What the dialects of ``/api`` share: pages by offset, and one resource as it is."""

    default_limit: int

    def page(self, query: Mapping[str, str], default_limit: int) -> Page:
        """``offset`` from 0, ``limit`` 1 to 100, or to the default where that is more."""
        return Page(
            offset=read_number(query, "offset", 0, 0, 100_000_000),
            limit=read_number(query, "limit", default_limit, 1, max(100, default_limit)),
        )

    def page_parameters(self, default_limit: int) -> dict[str, dict[str, Any]]:
        """``limit`` and ``offset``."""
        limit = {"minimum": 1, "maximum": max(100, default_limit), "default": default_limit}
        return {"limit": INTEGER | limit, "offset": {**INTEGER, "minimum": 0, "default": 0}}

    def one(self, resource: Any, call: Call) -> Any:
        """The bare object."""
        del call
        return resource
