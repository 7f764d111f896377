"""What clients get of the audit log."""

from typing import Annotated

from pydantic import Field

from ..http.schemas import Answer, EntryId, KeyId, Meta, Query, Time, UserId


class AuditQuery(Query):
    """Which entries: so many, from a cursor of an earlier answer on."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: EntryId | None = None


class AuditEntry(Answer):
    """One change or reveal. ``action`` is the name of the operation; ``changed`` names the keys
    that were added, changed and removed; ``is_refused``: it was not allowed, and not done."""

    id: EntryId
    action: str
    target_id: str | None
    user_id: UserId
    api_key_id: KeyId | None
    source_ip: str | None
    request_id: str
    is_refused: bool
    changed: dict[str, list[str]] | None
    created_at: Time


class AuditPages(Answer):
    """How many entries there may be, and the cursor of those that follow; null at the end."""

    limit: int
    next_cursor: EntryId | None


class AuditLog(Answer):
    """Entries, newest first."""

    data: list[AuditEntry]
    pagination: AuditPages
    meta: Meta
