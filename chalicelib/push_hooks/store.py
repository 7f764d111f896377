"""Push hooks, one a service. Access paths: by the service; by the token's digest."""

import hashlib
from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute

from ..errors import NotFound, Outdated
from ..store import claims
from ..store.items import Resource
from ..store.transaction import Transaction


class PushHook(Resource):
    """``sk`` is the service's id; ``digest`` stands for the token; ``made_by`` is a user's id."""

    KIND: ClassVar[str] = "hook"

    digest = UnicodeAttribute()
    made_by = UnicodeAttribute()

    @property
    def service_id(self) -> str:
        """The service that it deploys."""
        return str(self.sk)


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def replace(tx: Transaction, hook: PushHook, former: PushHook | None) -> None:
    """Put a hook in place of the service's former one, of which there may be none."""
    if former:
        _release(tx, former)
    unchanged = PushHook.digest == former.digest if former else PushHook.pk.does_not_exist()
    claims.take(tx, _claim(hook.digest), _owner(hook))
    tx.put(hook, unchanged, Outdated())


def remove(tx: Transaction, hook: PushHook) -> None:
    """Delete a hook; ``NotFound`` when another call just did."""
    _release(tx, hook)
    tx.delete(hook, PushHook.digest == hook.digest, NotFound())


def forget(tx: Transaction, tenant: str, service_id: str) -> None:
    """Delete the hook of a service that goes, if it has one."""
    hook = PushHook.of(tenant, service_id)
    if hook:
        remove(tx, hook)


def by_token(token: str) -> PushHook | None:
    """The hook whose address holds this token."""
    tenant, _, service_id = (claims.owner(_claim(digest(token))) or "").partition(" ")
    return PushHook.of(tenant, service_id) if service_id else None


def _release(tx: Transaction, hook: PushHook) -> None:
    claims.release(tx, _claim(hook.digest), _owner(hook))


def _claim(hashed: str) -> str:
    return f"push-hook#{hashed}"


def _owner(hook: PushHook) -> str:
    return f"{hook.tenant} {hook.service_id}"
