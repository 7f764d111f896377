"""The rules of workspaces: what a role may do."""

from collections.abc import Iterable

from .. import clock, ids
from ..http.call import SCOPES, Scope
from ..store.transaction import Transaction
from . import plans, store

SCOPE_OF: dict[str, Scope] = {
    "owner": "admin",
    "admin": "admin",
    "member": "write",
    "viewer": "read",
}
TOKEN_SECONDS = 1860  # an access token outlives its session by half an hour at most


def create_personal(tx: Transaction, owner_id: str, owner_name: str) -> str:
    """Make the workspace that everyone has from registration; its id."""
    workspace_id = ids.new("wks")
    store.create(tx, f"live#{workspace_id}", f"{owner_name}'s workspace", owner_id, plans.FREE)
    return workspace_id


def narrower(one: Scope, other: Scope) -> Scope:
    """The smaller of two scopes."""
    return min(one, other, key=SCOPES.index)


def change_keys(
    tx: Transaction, tenant: str, into: Iterable[str] = (), out: Iterable[str] = ()
) -> None:
    """Let these API keys into their workspace from now on, and those no more."""
    store.change_keys(tx, tenant, into, out)


def end_sessions(tx: Transaction, user_id: str, session_ids: list[str]) -> None:
    """Let the tokens of a person's sessions into no workspace any more."""
    until = clock.now() + TOKEN_SECONDS
    for tenant in store.tenants_of(user_id):
        store.end_sessions(tx, tenant, session_ids, until)
