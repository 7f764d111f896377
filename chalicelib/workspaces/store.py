"""Workspaces and their members. Access paths: one by tenant; a workspace's members; a person's
workspaces."""

from collections.abc import Iterable

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from .. import clock
from ..store.items import Item, table
from ..store.transaction import Transaction
from .gate import Gate


class Workspace(Item):
    """``pk`` is the tenant, ``sk`` is ``workspace``."""

    class Meta:
        table_name = table("workspaces")

    name = UnicodeAttribute()
    owner_id = UnicodeAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()


class Member(Item):
    """``pk`` is the tenant, ``sk`` is ``member#usr_…``; what the role allows, the gate decides."""

    class Meta:
        table_name = table("workspaces")

    role = UnicodeAttribute()
    created_at = NumberAttribute()


class Membership(Item):
    """A workspace of a person: ``pk`` is the user, ``sk`` is ``workspace#live#wks_…``."""

    class Meta:
        table_name = table("workspaces")

    created_at = NumberAttribute()

    @property
    def tenant(self) -> str:
        """Mode and workspace."""
        return str(self.sk).partition("#")[2]


def create(tx: Transaction, tenant: str, name: str, owner_id: str, plan: str) -> Workspace:
    """Make a workspace with its gate and its owner's membership."""
    now = clock.now_ms()
    workspace = Workspace(
        tenant, "workspace", name=name, owner_id=owner_id, created_at=now, updated_at=now
    )
    tx.create(workspace)
    tx.create(Gate(tenant, "gate", plan=plan, members={owner_id: "owner"}))
    tx.create(Member(tenant, f"member#{owner_id}", role="owner", created_at=now))
    tx.create(Membership(owner_id, f"workspace#{tenant}", created_at=now))
    return workspace


def tenants_of(user_id: str) -> list[str]:
    """The tenants whose workspaces the person is a member of."""
    found = Membership.query(user_id, Membership.sk.startswith("workspace#"), consistent_read=True)
    return [one.tenant for one in found]


def change_keys(tx: Transaction, tenant: str, into: Iterable[str], out: Iterable[str]) -> None:
    """Let these API keys through the gate from now on, and those no more."""
    changes = [Gate.rings[one].set([]) for one in into] + [Gate.rings[one].remove() for one in out]
    tx.update(Gate.of(tenant), *changes, Gate.version.add(1))


def end_sessions(tx: Transaction, tenant: str, session_ids: list[str], until: int) -> None:
    """Let the tokens of sessions through no more; ``until`` then they end by themselves."""
    ended = [Gate.ended[session_id].set(until) for session_id in session_ids]
    tx.update(Gate.of(tenant), *ended, Gate.version.add(1))
