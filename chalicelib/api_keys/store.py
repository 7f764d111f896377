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
    project_id = UnicodeAttribute(null=True)
    valid_until = NumberAttribute(null=True)

    @property
    def workspace_id(self) -> str:
        """The workspace that the key belongs to for ever."""
        return self.tenant.partition("#")[2]


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
    """The key that a text names. What it says never changes, so it is remembered; whether it is
    still good is for the gate to say."""
    try:
        return _known(public_id)
    except KeyError:
        return None


@lru_cache(maxsize=10_000)
def _known(public_id: str) -> ApiKey:
    """Raises ``KeyError``, so that nothing is remembered, when there is none."""
    tenant, _, key_id = (claims.owner(_claim(public_id)) or "").partition(" ")
    key = ApiKey.of(tenant, key_id) if key_id else None
    if key is None or key.public_id != public_id:
        raise KeyError(public_id)
    return key


def _claim(public_id: str) -> str:
    return f"api-key#{public_id}"
