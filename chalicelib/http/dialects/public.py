"""The dialect of ``/api``."""

from dataclasses import dataclass
from typing import Any

from ... import clock, ids
from ...errors import ApiError, FieldError
from ..call import Call
from ..pages import Page
from .base import DATE_TIME, INTEGER, STRING, OffsetDialect, object_schema


@dataclass(frozen=True)
class Public(OffsetDialect):
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

    def many(self, rows: list[Any], page: Page, total: int, plural: str, call: Call) -> Any:
        """The rows under their plural, and the total."""
        del page, call
        return {plural: rows, "total": total}

    def many_schema(self, row: dict[str, Any], plural: str) -> dict[str, Any]:
        """The schema of ``many``."""
        return object_schema(**{plural: {"type": "array", "items": row}, "total": INTEGER})

    def error(self, error: ApiError, call: Call) -> Any:
        """One line that names the field at fault."""
        del call
        return {"detail": _first(error) or error.message}

    def error_schema(self) -> dict[str, Any]:
        """The schema of ``error``."""
        return object_schema(detail=STRING)


def _first(error: ApiError) -> str | None:
    wrong: tuple[FieldError, ...] = getattr(error, "fields", ())
    return "; ".join(f"{one.field}: {one.message}" for one in wrong) or None
