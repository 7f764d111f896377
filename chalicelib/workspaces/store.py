"""Workspaces and their members, by tenant; the members of one are one partition."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from .. import clock
from ..store.items import Item, table
from ..store.transaction import Transaction


class Workspace(Item):
    """``pk`` is the tenant, ``sk`` is ``workspace``."""

    class Meta:
        table_name = table("workspaces")

    name = UnicodeAttribute()
    owner_id = UnicodeAttribute()
    created_at = NumberAttribute()


class Member(Item):
    """``pk`` is the tenant, ``sk`` is ``member#usr_…``."""

    class Meta:
        table_name = table("workspaces")

    role = UnicodeAttribute()
    created_at = NumberAttribute()


def create(tx: Transaction, workspace_id: str, name: str, owner_id: str) -> None:
    """Make a workspace and its owner's membership in this transaction."""
    now = clock.now_ms()
    tenant = f"live#{workspace_id}"
    tx.create(Workspace(tenant, "workspace", name=name, owner_id=owner_id, created_at=now))
    tx.create(Member(tenant, f"member#{owner_id}", role="owner", created_at=now))


def role(tenant: str, user_id: str) -> str | None:
    """The role that a user now has in the workspace, or None."""
    found = Member.find(tenant, f"member#{user_id}")
    return found.role if found else None
