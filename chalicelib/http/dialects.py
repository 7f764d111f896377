"""How each surface writes ids, times, lists and errors (contract §1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .. import clock, ids
from ..errors import ApiError, FieldError, InvalidRequest
from .call import Call
from .pages import Page, read_number

ENVELOPE = "profile=envelope"


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

    def page_parameters(self) -> dict[str, dict[str, Any]]:
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


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


INTEGER = {"type": "integer"}
STRING = {"type": "string"}
DATE_TIME = {"type": "string", "format": "date-time"}


@dataclass(frozen=True)
class Platform:
    """The dialect of ``/v1``: TypeIDs, pages by number, typed error objects."""

    name: str = "platform"
    default_limit: int = 20

    def id(self, typeid: str) -> str:
        """The TypeID itself."""
        return typeid

    def id_schema(self, prefix: str) -> dict[str, Any]:
        """A TypeID: 26 base32 characters after the prefix."""
        return {"type": "string", "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}

    def time(self, ms: int) -> str:
        """RFC 3339, UTC, whole seconds."""
        return clock.rfc3339(ms)

    def time_schema(self) -> dict[str, Any]:
        """A date-time."""
        return DATE_TIME

    def page(self, query: Mapping[str, str], default_limit: int) -> Page:
        """``page`` from 1, ``limit`` 1 to 100."""
        number = read_number(query, "page", 1, 1, 1_000_000)
        limit = read_number(query, "limit", default_limit, 1, 100)
        return Page(offset=(number - 1) * limit, limit=limit)

    def page_parameters(self) -> dict[str, dict[str, Any]]:
        """``page`` and ``limit``."""
        limit = {"minimum": 1, "maximum": 100, "default": self.default_limit}
        return {"page": {**INTEGER, "minimum": 1, "default": 1}, "limit": INTEGER | limit}

    def one(self, resource: Any, call: Call) -> Any:
        """The bare object, or enveloped where the client accepts that profile."""
        if ENVELOPE in call.headers.get("accept", "").replace(" ", "").replace('"', ""):
            return {"data": resource, "meta": {"requestId": call.request_id}}
        return resource

    def many(self, rows: list[Any], page: Page, total: int, plural: str, call: Call) -> Any:
        """``data``, ``pagination`` and ``meta``."""
        del plural
        number = page.offset // page.limit + 1
        return {
            "data": rows,
            "pagination": {"page": number, "limit": page.limit, "total": total},
            "meta": {"requestId": call.request_id},
        }

    def many_schema(self, row: dict[str, Any], plural: str) -> dict[str, Any]:
        """The schema of ``many``."""
        del plural
        return _object(
            data={"type": "array", "items": row},
            pagination=_object(page=INTEGER, limit=INTEGER, total=INTEGER),
            meta=_object(requestId=STRING),
        )

    def error(self, error: ApiError, call: Call) -> Any:
        """Status, code, message, details and request id."""
        body = {
            "status": error.status,
            "code": error.code,
            "message": error.message,
            "details": _details(error),
            "request_id": call.request_id,
        }
        return {"error": body}

    def error_schema(self) -> dict[str, Any]:
        """The schema of ``error``."""
        details = {"type": "object"}
        inner = _object(
            status=INTEGER, code=STRING, message=STRING, details=details, request_id=STRING
        )
        return _object(error=inner)


@dataclass(frozen=True)
class Public:
    """The dialect of ``/api``: UUIDs, offsets, one line of detail."""

    name: str = "public"
    default_limit: int = 20

    def id(self, typeid: str) -> str:
        """The UUID behind the TypeID."""
        return ids.to_uuid(typeid)

    def id_schema(self, prefix: str) -> dict[str, Any]:
        """A UUID."""
        del prefix
        return {"type": "string", "format": "uuid"}

    def time(self, ms: int) -> str:
        """RFC 3339, UTC, whole seconds."""
        return clock.rfc3339(ms)

    def time_schema(self) -> dict[str, Any]:
        """A date-time."""
        return DATE_TIME

    def page(self, query: Mapping[str, str], default_limit: int) -> Page:
        """``offset`` from 0, ``limit`` 1 to 100."""
        return Page(
            offset=read_number(query, "offset", 0, 0, 100_000_000),
            limit=read_number(query, "limit", default_limit, 1, 100),
        )

    def page_parameters(self) -> dict[str, dict[str, Any]]:
        """``limit`` and ``offset``."""
        limit = {"minimum": 1, "maximum": 100, "default": self.default_limit}
        return {"limit": INTEGER | limit, "offset": {**INTEGER, "minimum": 0, "default": 0}}

    def one(self, resource: Any, call: Call) -> Any:
        """The bare object."""
        del call
        return resource

    def many(self, rows: list[Any], page: Page, total: int, plural: str, call: Call) -> Any:
        """The rows under their plural, and the total."""
        del page, call
        return {plural: rows, "total": total}

    def many_schema(self, row: dict[str, Any], plural: str) -> dict[str, Any]:
        """The schema of ``many``."""
        return _object(**{plural: {"type": "array", "items": row}, "total": INTEGER})

    def error(self, error: ApiError, call: Call) -> Any:
        """One line that names the field at fault."""
        del call
        return {"detail": _first(error) or error.message}

    def error_schema(self) -> dict[str, Any]:
        """The schema of ``error``."""
        return _object(detail=STRING)


def _details(error: ApiError) -> dict[str, Any]:
    if not isinstance(error, InvalidRequest) or not error.fields:
        return {}
    fields = [{"field": wrong.field, "message": wrong.message} for wrong in error.fields]
    missing = [wrong.field for wrong in error.fields if wrong.missing]
    return {"missing_fields": missing, "fields": fields} if missing else {"fields": fields}


def _first(error: ApiError) -> str | None:
    wrong: tuple[FieldError, ...] = getattr(error, "fields", ())
    return "; ".join(f"{one.field}: {one.message}" for one in wrong) or None


PLATFORM = Platform()
PUBLIC = Public()


def of_path(path: str) -> Dialect:
    """The dialect in which a path is answered, known or not."""
    return PUBLIC if path == "/api" or path.startswith("/api/") else PLATFORM
