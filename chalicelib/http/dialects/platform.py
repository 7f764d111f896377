"""The dialect of ``/v1``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import clock
from ...errors import ApiError, InvalidRequest
from ..call import Call
from ..pages import Page, read_number
from .base import DATE_TIME, INTEGER, STRING, object_schema

ENVELOPE = "profile=envelope"


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

    def page_parameters(self, default_limit: int) -> dict[str, dict[str, Any]]:
        """``page`` and ``limit``."""
        limit = {"minimum": 1, "maximum": 100, "default": default_limit}
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
        return object_schema(
            data={"type": "array", "items": row},
            pagination=object_schema(page=INTEGER, limit=INTEGER, total=INTEGER),
            meta=object_schema(requestId=STRING),
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
        inner = object_schema(
            status=INTEGER, code=STRING, message=STRING, details=details, request_id=STRING
        )
        return object_schema(error=inner)


def _details(error: ApiError) -> dict[str, Any]:
    if not isinstance(error, InvalidRequest) or not error.fields:
        return {}
    fields = [{"field": wrong.field, "message": wrong.message} for wrong in error.fields]
    missing = [wrong.field for wrong in error.fields if wrong.missing]
    return {"missing_fields": missing, "fields": fields} if missing else {"fields": fields}
