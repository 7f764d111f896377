"""API keys of a workspace. Access paths: by id; all, newest first; by the id in the key's text."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from ..errors import Conflict, Outdated
from ..store import claims, counters
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

    def is_expired(self, now_ms: int) -> bool:
        """Whether its time is over."""
        return self.valid_until is not None and self.valid_until <= now_ms

    @property
    def workspace_id(self) -> str:
        """The workspace that the key belongs to for ever."""
        return self.tenant.partition("#")[2]


def add(tx: Transaction, key: ApiKey) -> None:
    """Store a new key."""
    _take(tx, key)
    tx.create(key)


def count(tx: Transaction, user_id: str, change: int, most: int, full: Exception) -> None:
    """Count so many more or fewer keys of a person; ``full`` is raised beyond ``most``."""
    counters.add(tx, user_id, ApiKey.KIND, change, most=most, full=full)


def discount(tx: Transaction, keys: Iterable[ApiKey]) -> None:
    """Count these keys no more."""
    for user_id, fewer in Counter(key.created_by for key in keys).items():
        counters.add(tx, user_id, ApiKey.KIND, -fewer)


def rotate(tx: Transaction, key: ApiKey, public_id: str, secret_hash: str) -> None:
    """Give the key another text; ``Conflict`` when another call just did."""
    present = key.public_id
    _release(tx, key)
    changes = {"public_id": public_id, "secret_hash": secret_hash}
    again = Conflict("This key was just rotated by another request")
    tx.change(key, changes, ApiKey.public_id == present, again)
    _take(tx, key)


def remove(tx: Transaction, key: ApiKey, gone: Exception) -> None:
    """Delete a key; ``gone`` is raised when another call just did."""
    _release(tx, key)
    tx.delete(key, ApiKey.pk.exists(), gone)


def all_of(tenant: str) -> list[ApiKey]:
    """The keys of a workspace, newest first; a person makes ten at most."""
    found = ApiKey.query(ApiKey.partition(tenant), scan_index_forward=False, consistent_read=True)
    return list(found)


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


def _take(tx: Transaction, key: ApiKey) -> None:
    claims.take(tx, _claim(key.public_id), f"{key.tenant} {key.id}", Outdated())


def _release(tx: Transaction, key: ApiKey) -> None:
    claims.release(tx, _claim(key.public_id), f"{key.tenant} {key.id}")


def _claim(public_id: str) -> str:
    return f"api-key#{public_id}"
