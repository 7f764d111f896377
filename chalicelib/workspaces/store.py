"""Workspaces, members and invitations.

Access paths: a workspace by its tenant; its members and its invitations, each one partition's
range; a person's workspaces.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from .. import clock
from ..errors import Conflict, NotFound
from ..store import counters
from ..store.counters import Counter
from ..store.items import Item, table
from ..store.transaction import Transaction
from .gate import Gate

OWNED = "owned-workspaces"
PEOPLE = "people"
CHANGED = "The workspace was changed by another request; look at it again"


class Workspace(Item):
    """``pk`` is the tenant, ``sk`` is ``workspace``."""

    class Meta:
        table_name = table("workspaces")

    name = UnicodeAttribute()
    owner_id = UnicodeAttribute()
    is_personal = BooleanAttribute(default=False)
    created_at = NumberAttribute()
    updated_at = NumberAttribute()

    @property
    def tenant(self) -> str:
        """Mode and workspace."""
        return str(self.pk)

    @property
    def id(self) -> str:
        """The TypeID."""
        return self.tenant.partition("#")[2]


class Member(Item):
    """``pk`` is the tenant, ``sk`` is ``member#usr_…``; the role stands on the gate."""

    class Meta:
        table_name = table("workspaces")

    created_at = NumberAttribute()

    @property
    def user_id(self) -> str:
        """Who it is."""
        return str(self.sk).partition("#")[2]


class Membership(Item):
    """A workspace of a person: ``pk`` is the user, ``sk`` is ``workspace#live#wks_…``."""

    class Meta:
        table_name = table("workspaces")

    is_personal = BooleanAttribute(default=False)
    created_at = NumberAttribute()

    @property
    def tenant(self) -> str:
        """Mode and workspace."""
        return str(self.sk).partition("#")[2]


class Invitation(Item):
    """One an address: ``pk`` is the tenant, ``sk`` is ``invitation#`` and the address's digest.

    Times are epoch milliseconds.
    """

    class Meta:
        table_name = table("workspaces")

    id = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    invited_by = UnicodeAttribute()
    created_at = NumberAttribute()
    valid_until = NumberAttribute()


def create(tx: Transaction, workspace: Workspace, plan: str) -> None:
    """Make a workspace with its gate and its owner's membership."""
    tenant, owner, now = workspace.tenant, workspace.owner_id, clock.now_ms()
    tx.create(workspace)
    tx.create(Gate(tenant, "gate", plan=plan, members={owner: "owner"}))
    tx.create(Member(tenant, f"member#{owner}", created_at=now))
    tx.create(_membership(owner, tenant, is_personal=workspace.is_personal))
    counters.add(tx, tenant, PEOPLE, 1)


def count_owned(
    tx: Transaction, user_id: str, change: int, most: int | None, full: Exception | None = None
) -> None:
    """Count so many more or fewer workspaces of an owner; ``full`` is raised beyond ``most``."""
    counters.add(tx, user_id, OWNED, change, most=most, full=full)


def find(tenant: str) -> Workspace | None:
    """The workspace of a tenant."""
    return Workspace.find(tenant, "workspace")


def memberships(user_id: str) -> list[Membership]:
    """The workspaces that a person is a member of, the personal one among them."""
    mine = Membership.sk.startswith("workspace#")
    return list(Membership.query(user_id, mine, consistent_read=True))


def members(tenant: str) -> list[Member]:
    """The members of a workspace, in the order of their accounts."""
    return list(Member.query(tenant, Member.sk.startswith("member#"), consistent_read=True))


def invitations(tenant: str) -> list[Invitation]:
    """The open invitations of a workspace."""
    open_ones = Invitation.sk.startswith("invitation#")
    return list(Invitation.query(tenant, open_ones, consistent_read=True))


def invitation(tenant: str, email: str) -> Invitation | None:
    """The invitation of an address."""
    return Invitation.find(tenant, f"invitation#{digest(email)}")


def digest(email: str) -> str:
    """What stands for an address where it must not be read."""
    return hashlib.sha256(email.casefold().encode()).hexdigest()


def rename(tx: Transaction, workspace: Workspace, name: str) -> None:
    """Give the workspace another name."""
    workspace.name, workspace.updated_at = name, clock.now_ms()
    changes = [Workspace.name.set(name), Workspace.updated_at.set(workspace.updated_at)]
    tx.update(workspace, *changes, otherwise=NotFound())


def remove(tx: Transaction, workspace: Workspace, user_ids: Iterable[str]) -> None:
    """Delete a workspace without projects; nobody is let in from now on."""
    tenant = workspace.tenant
    empty = Counter.pk.does_not_exist() | (Counter.total == 0)
    left = Conflict("The workspace still has projects; delete them first")
    tx.require(counters.key(tenant, "prj"), empty, left)
    tx.delete(workspace, Workspace.pk.exists(), NotFound())
    tx.delete(Gate.of(tenant))
    for user_id in user_ids:
        tx.delete(_membership(user_id, tenant))


def change_gate(tx: Transaction, tenant: str, *changes: Action, seen: int | None = None) -> None:
    """Change what the gate knows; with ``seen``, only while its version is that."""
    rule = None if seen is None else Gate.version == seen
    changed = Conflict(CHANGED)
    tx.update(Gate.of(tenant), *changes, Gate.version.add(1), condition=rule, otherwise=changed)


def change_keys(tx: Transaction, tenant: str, into: Iterable[str], out: Iterable[str]) -> None:
    """Let these API keys through the gate from now on, and those no more."""
    changes = [Gate.rings[one].set([]) for one in into] + [Gate.rings[one].remove() for one in out]
    change_gate(tx, tenant, *changes)


def end_sessions(tx: Transaction, tenant: str, session_ids: Iterable[str], until: int) -> None:
    """Let the tokens of sessions through no more; ``until`` then they end by themselves."""
    change_gate(tx, tenant, *(Gate.ended[one].set(until) for one in session_ids))


def invite(tx: Transaction, invitation: Invitation, former: Invitation | None, most: int) -> None:
    """Put an invitation in place of the address's former one, of which there may be none."""
    same = Invitation.id == former.id if former else Invitation.pk.does_not_exist()
    tx.put(invitation, same, Conflict("This address was just invited by another request"))
    if former is None:
        full = Conflict(f"A workspace has at most {most} members and open invitations")
        counters.add(tx, str(invitation.pk), PEOPLE, 1, most=most, full=full)


def revoke(tx: Transaction, invitation: Invitation) -> None:
    """Delete an invitation; ``NotFound`` when it was used or deleted meanwhile."""
    tx.delete(invitation, Invitation.id == invitation.id, NotFound())
    counters.add(tx, str(invitation.pk), PEOPLE, -1)


def join(
    tx: Transaction, invitation: Invitation, user_id: str, ended: dict[str, int], used: Exception
) -> None:
    """Make the invited person a member; ``used`` is raised when the invitation is there no more."""
    tenant, now = str(invitation.pk), clock.now_ms()
    tx.delete(invitation, Invitation.id == invitation.id, used)
    changes: list[Any] = [Gate.ended[name].set(until) for name, until in ended.items()]
    change_gate(tx, tenant, Gate.members[user_id].set(invitation.role), *changes)
    tx.put(Member(tenant, f"member#{user_id}", created_at=now))
    tx.put(_membership(user_id, tenant))


def leave(tx: Transaction, tenant: str, user_id: str, seen: int) -> None:
    """Let a person be a member no more."""
    change_gate(tx, tenant, Gate.members[user_id].remove(), seen=seen)
    tx.delete(Member(tenant, f"member#{user_id}"))
    tx.delete(_membership(user_id, tenant))
    counters.add(tx, tenant, PEOPLE, -1)


def hand_over(tx: Transaction, workspace: Workspace, user_id: str, plan: str, seen: int) -> None:
    """Make another member the owner, on whose plan the workspace then is."""
    former = workspace.owner_id
    roles = [Gate.members[former].set("admin"), Gate.members[user_id].set("owner")]
    change_gate(tx, workspace.tenant, *roles, Gate.plan.set(plan), seen=seen)
    tx.update(workspace, Workspace.owner_id.set(user_id), otherwise=NotFound())


def forget(tx: Transaction, tenant: str, most: int) -> bool:
    """Delete some of what a workspace that is gone has left; whether there was any."""
    left: list[Item] = [*members(tenant), *invitations(tenant)][:most]
    for item in left:
        tx.delete(item)
    return bool(left)


def _membership(user_id: str, tenant: str, *, is_personal: bool = False) -> Membership:
    now = clock.now_ms()
    return Membership(user_id, f"workspace#{tenant}", is_personal=is_personal, created_at=now)
