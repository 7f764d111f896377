"""The rules of workspaces: what a role may do, and who owns how many."""

from collections.abc import Iterable
from dataclasses import dataclass

from .. import clock, ids, jobs
from ..errors import Conflict, Forbidden, NotFound, PaymentRequired, Unauthorized
from ..http.call import Call
from ..store.transaction import Transaction
from . import gate, plans, store
from .gate import Gate
from .gate_state import State
from .roles import ROLES
from .store import Workspace

MOST_OWNED: dict[str, int | None] = {plans.FREE: 1, plans.PROFESSIONAL: 10, plans.ENTERPRISE: None}
TOKEN_SECONDS = 1860  # an access token outlives its session by half an hour at most


@dataclass(frozen=True)
class Access:
    """A workspace as its gate lets the caller see it: with the caller's role there."""

    workspace: Workspace
    state: State
    role: str

    @property
    def id(self) -> str:
        """The workspace's TypeID."""
        return self.workspace.id

    @property
    def tenant(self) -> str:
        """Mode and workspace."""
        return self.workspace.tenant

    def require(self, role: str) -> None:
        """Raise ``Forbidden`` for who has less than this role."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Forbidden(f"In this workspace you are {self.role}; this needs {role}")


def create_personal(tx: Transaction, owner_id: str, owner_name: str) -> str:
    """Make the workspace that everyone has from registration; its id."""
    workspace = _new(owner_id, f"{owner_name}'s workspace", is_personal=True)
    store.create(tx, workspace, plans.FREE)
    store.count_owned(tx, owner_id, 1, None)
    return workspace.id


def create(call: Call, name: str) -> Access:
    """Make a workspace that the calling person owns; ``PaymentRequired`` beyond their plan."""
    user_id = person(call)
    plan = plan_of(user_id)
    workspace = _new(user_id, name, is_personal=False)
    store.create(call.tx, workspace, plan)
    count_owned(call.tx, user_id, plan)
    raw = {"plan": {"S": plan}, "members": {"M": {user_id: {"S": "owner"}}}}
    return Access(workspace, State(raw), "owner")


def count_owned(tx: Transaction, user_id: str, plan: str) -> None:
    """Count one more workspace of an owner; ``PaymentRequired`` beyond the plan."""
    most = MOST_OWNED[plan]
    full = PaymentRequired(f"The plan {plan} holds {most} workspace(s) of one's own; upgrade it")
    store.count_owned(tx, user_id, 1, most, full)


def _new(owner_id: str, name: str, *, is_personal: bool) -> Workspace:
    now, tenant = clock.now_ms(), f"live#{ids.new('wks')}"
    return Workspace(
        tenant,
        "workspace",
        name=name,
        owner_id=owner_id,
        is_personal=is_personal,
        created_at=now,
        updated_at=now,
    )


def person(call: Call) -> str:
    """The calling person. Raises ``Forbidden`` for an API key."""
    if call.caller.key_id:
        raise Forbidden("This is for people: call it with an access token, not with an API key")
    return call.caller.user_id


def plan_of(user_id: str) -> str:
    """A person's plan: that of their personal workspace."""
    own = [one.tenant for one in store.memberships(user_id) if one.is_personal]
    return gate.look(own[0]).plan if own else plans.FREE


def get(call: Call, workspace_id: str) -> Access:
    """A workspace that the caller is a member of. Raises ``NotFound``."""
    if call.caller.key_id and workspace_id != call.caller.workspace_id:
        raise NotFound
    found = access(f"live#{workspace_id}", call.caller.user_id)
    if found is None:
        raise NotFound
    return found


def access(tenant: str, user_id: str) -> Access | None:
    """The workspace with the person's role in it, or None for who is no member."""
    try:
        state = gate.look(tenant)
    except Unauthorized:
        return None
    role, workspace = state.role(user_id), store.find(tenant)
    return Access(workspace, state, role) if role and workspace else None


def all_of(call: Call) -> list[Access]:
    """The workspaces of the calling person, the newest last; of a key its own."""
    if call.caller.key_id:
        return [get(call, call.caller.workspace_id)]
    user_id = call.caller.user_id
    found = (access(one.tenant, user_id) for one in store.memberships(user_id))
    return [one for one in found if one]


def rename(call: Call, found: Access, name: str) -> Access:
    """Give a workspace another name; for admins."""
    found.require("admin")
    store.rename(call.tx, found.workspace, name)
    return found


def delete(call: Call, found: Access) -> None:
    """Delete a workspace at once; for its owner. A job takes away what is left of it."""
    found.require("owner")
    if found.workspace.is_personal:
        raise Conflict("A personal workspace stays as long as its account")
    store.remove(call.tx, found.workspace, found.state.members())
    store.count_owned(call.tx, found.workspace.owner_id, -1, None)
    jobs.enqueue(call.tx, found.tenant, "workspace.tear-down", {})


def change_keys(
    tx: Transaction, tenant: str, into: Iterable[str] = (), out: Iterable[str] = ()
) -> None:
    """Let these API keys into their workspace from now on, and those no more."""
    store.change_keys(tx, tenant, into, out)


def end_sessions(tx: Transaction, user_id: str, session_ids: list[str]) -> None:
    """Let the tokens of a person's sessions into no workspace any more."""
    until = clock.now() + TOKEN_SECONDS
    for one in store.memberships(user_id):
        store.end_sessions(tx, one.tenant, session_ids, until)


def change_plan(tx: Transaction, user_id: str, plan: str) -> None:
    """Put the workspaces that a person owns on another plan, from their next call on."""
    for one in store.memberships(user_id):
        found = access(one.tenant, user_id)
        if found and found.role == "owner":
            store.change_gate(tx, one.tenant, Gate.plan.set(plan))


def set_limits(tx: Transaction, tenant: str, limits: dict[str, int | None]) -> None:
    """Give a workspace limits of its own, as an operator does for a partner; None lifts one."""
    store.change_gate(tx, tenant, Gate.limits.set(limits))
