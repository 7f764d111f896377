"""The rules of workspaces: what a role may do."""

from .. import ids
from ..http.call import SCOPES, Scope
from ..store.transaction import Transaction
from . import store

SCOPE_OF: dict[str, Scope] = {
    "owner": "admin",
    "admin": "admin",
    "member": "write",
    "viewer": "read",
}


def create_personal(tx: Transaction, owner_id: str, owner_name: str) -> str:
    """Make the workspace that everyone has from registration; its id."""
    workspace_id = ids.new("wks")
    store.create(tx, workspace_id, f"{owner_name}'s workspace", owner_id)
    return workspace_id


def scope_of_member(tenant: str, user_id: str) -> Scope | None:
    """What the user may do in the workspace now; None for who is not a member."""
    role = store.role(tenant, user_id)
    return SCOPE_OF[role] if role else None


def narrower(one: Scope, other: Scope) -> Scope:
    """The smaller of two scopes."""
    return min(one, other, key=SCOPES.index)
