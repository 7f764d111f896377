"""API keys of a workspace. Access paths: by id; all, newest first; by the id in the key's text."""

from functools import lru_cache
from typing import ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from ..errors import Conflict
from ..store import claims, counters, pages
from ..store.items import Resource
from ..store.transaction import Transaction


class ApiKey(Resource):
    """A key, without its secret: ``secret_hash`` is the SHA-256. Times are epoch milliseconds."""

    KIND: ClassVar[str] = "key"

    name = UnicodeAttribute()
    scope = UnicodeAttribute()
    public_id = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    created_by = UnicodeAttribute()
    valid_until = NumberAttribute(null=True)


def add(tx: Transaction, key: ApiKey, most: int, full: Exception) -> None:
    """Store a new key; ``full`` is raised when there are ``most`` already."""
    owner = f"{key.tenant} {key.id}"
    claims.take(tx, _claim(key.public_id), owner, Conflict("Try again"))
    counters.add(tx, key.tenant, ApiKey.KIND, 1, most=most, full=full)
    tx.create(key)


def remove(tx: Transaction, key: ApiKey, gone: Exception) -> None:
    """Delete a key; ``gone`` is raised when another call just did."""
    claims.release(tx, _claim(key.public_id), f"{key.tenant} {key.id}")
    counters.add(tx, key.tenant, ApiKey.KIND, -1)
    tx.delete(key, ApiKey.pk.exists(), gone)


def page(tenant: str, offset: int, limit: int) -> tuple[list[ApiKey], int]:
    """The keys of a workspace, newest first, and how many there are."""
    found = pages.newest(ApiKey, tenant, offset, limit)
    return found, counters.read(tenant, ApiKey.KIND)


def by_public_id(public_id: str) -> ApiKey | None:
    """The key that a text names, read consistently."""
    try:
        tenant, key_id = _owner(public_id)
    except KeyError:
        return None
    return ApiKey.of(tenant, key_id)


@lru_cache(maxsize=10_000)
def _owner(public_id: str) -> tuple[str, str]:
    """Whose key it is never changes, so it is remembered; ``KeyError`` when there is none."""
    owner = claims.owner(_claim(public_id))
    if owner is None:
        raise KeyError(public_id)
    tenant, _, key_id = owner.partition(" ")
    return tenant, key_id


def _claim(public_id: str) -> str:
    return f"api-key#{public_id}"
