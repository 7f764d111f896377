"""Entries of a workspace's audit log. Access path: newest first, from a place on."""

from typing import ClassVar

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from ..store.items import Resource
from ..store.transaction import Transaction


class Entry(Resource):
    """One change or reveal; it is kept until ``expires_at`` (epoch seconds).

    ``changed``: the keys that were ``added``, ``changed`` and ``removed``; ``is_refused``: the
    caller's credential did not allow it.
    """

    KIND: ClassVar[str] = "aud"

    action = UnicodeAttribute()
    target_id = UnicodeAttribute(null=True)
    user_id = UnicodeAttribute()
    api_key_id = UnicodeAttribute(null=True)
    source_ip = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute()
    is_refused = BooleanAttribute(default=False)
    changed: JSONAttribute = JSONAttribute(null=True)
    expires_at = NumberAttribute()


def add(tx: Transaction, entry: Entry) -> None:
    """Write an entry with what it is about; it witnesses that a commit has come through."""
    tx.create(entry)


def before(tenant: str, entry_id: str | None, limit: int) -> list[Entry]:
    """So many entries older than this one, or the newest, newest first."""
    older = Entry.sk < entry_id if entry_id else None
    found = Entry.query(
        Entry.partition(tenant),
        older,
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        consistent_read=True,
    )
    return list(found)
