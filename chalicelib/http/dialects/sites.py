"""The dialect of ``/api/apps`` and its like: camelCase, bare lists, codes in capitals."""

from dataclasses import dataclass
from typing import Any

from ...errors import ApiError, InvalidRequest
from ...settings import settings
from ..call import Call
from ..pages import Page
from .base import INTEGER, STRING, OffsetDialect, object_schema

CODES = {
    400: "VALIDATION_FAILED",
    401: "UNAUTHORIZED",
    402: "SUBSCRIPTION_REQUIRED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "NOT_FOUND",
    409: "VALIDATION_FAILED",
    413: "VALIDATION_FAILED",
    415: "VALIDATION_FAILED",
    422: "IDEMPOTENCY_KEY_REUSE",
    429: "RATE_LIMITED",
}
MESSAGES = {
    "UNAUTHORIZED": "Invalid or expired token",
    "RATE_LIMITED": "Too many requests",
}


@dataclass(frozen=True)
class Sites(OffsetDialect):
    """Names in camelCase, TypeIDs, times in epoch milliseconds."""

    name: str = "sites"
    default_limit: int = 100

    def id(self, typeid: str) -> str:
        """The TypeID itself."""
        return typeid

    def id_schema(self, prefix: str) -> dict[str, Any]:
        """A TypeID: 26 base32 characters after the prefix."""
        return {"type": "string", "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}

    def time(self, ms: int) -> int:
        """Epoch milliseconds."""
        return ms

    def time_schema(self) -> dict[str, Any]:
        """An integer."""
        return {**INTEGER, "description": "Milliseconds since the epoch"}

    def many(self, rows: list[Any], page: Page, total: int, plural: str, call: Call) -> Any:
        """The bare rows."""
        del page, total, plural, call
        return rows

    def many_schema(self, row: dict[str, Any], plural: str) -> dict[str, Any]:
        """The schema of ``many``."""
        del plural
        return {"type": "array", "items": row}

    def error(self, error: ApiError, call: Call) -> Any:
        """Code, message, where to read more, and what is wrong with which field."""
        del call
        code = error.sites_code or CODES.get(error.status, "INTERNAL_ERROR")
        anchor = code.lower().replace("_", "-")
        body: dict[str, Any] = {
            "code": code,
            "message": _message(code, error),
            "docUrl": f"{settings().public_base_url}/api/errors/#{anchor}",
        }
        if isinstance(error, InvalidRequest) and error.fields:
            body["details"] = [
                {"field": one.field, "message": "Required" if one.missing else one.message}
                for one in error.fields
            ]
        return {"error": body}

    def error_schema(self) -> dict[str, Any]:
        """The schema of ``error``."""
        detail = object_schema(field=STRING, message=STRING)
        inner = object_schema(code=STRING, message=STRING, docUrl={**STRING, "format": "uri"})
        inner["properties"]["details"] = {"type": "array", "items": detail}
        return object_schema(error=inner)


def _message(code: str, error: ApiError) -> str:
    fields = isinstance(error, InvalidRequest) and error.fields
    if code == "VALIDATION_FAILED" and fields:
        return "Validation failed"
    return MESSAGES.get(code, error.message)
