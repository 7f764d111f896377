"""The rules of members and invitations."""

from collections.abc import Mapping
from typing import Any

from .. import clock, ids
from ..accounts import service as accounts
from ..accounts.store import User
from ..errors import Conflict, Forbidden, InvalidRequest, NotFound, Unauthorized
from ..http.call import Call
from ..mail import letter
from ..mail import service as mail
from ..security import tokens
from . import gate, service, store
from .gate import Gate
from .service import Access
from .store import Invitation, Member

MOST_PEOPLE = 90
PURPOSE = "invitation"
SECONDS = 7 * 86_400
STALE = "is not valid, or not any more; ask for a new invitation"


def people(found: Access) -> list[tuple[Member, User, str]]:
    """The members of a workspace, who they are, and their roles."""
    listed = ((one, accounts.find(one.user_id)) for one in store.members(found.tenant))
    rows = ((one, user, found.state.role(one.user_id)) for one, user in listed)
    return [(one, user, role) for one, user, role in rows if user and role]


def invite(call: Call, found: Access, email: str, role: str) -> Invitation:
    """Invite an address; its earlier invitation is worth nothing any more."""
    found.require("admin")
    if any(user.email.casefold() == email.casefold() for _, user, _ in people(found)):
        raise Conflict("email: is a member of this workspace already")
    invitation = _new(call, found, email, role)
    former = store.invitation(found.tenant, email)
    store.invite(call.tx, invitation, former, MOST_PEOPLE)
    mail.send_later(call.tx, found.tenant, PURPOSE, {"email_digest": store.digest(email)})
    return invitation


def _new(call: Call, found: Access, email: str, role: str) -> Invitation:
    now = clock.now_ms()
    return Invitation(
        found.tenant,
        f"invitation#{store.digest(email)}",
        id=ids.new("ivt"),
        email=email,
        role=role,
        invited_by=call.caller.user_id,
        created_at=now,
        valid_until=now + SECONDS * 1000,
    )


@mail.writes(PURPOSE)
def write(tenant: str, payload: Mapping[str, Any]) -> mail.Message | None:
    """The mail with the link; None when the invitation was withdrawn."""
    invitation = Invitation.find(tenant, f"invitation#{payload['email_digest']}")
    workspace = store.find(tenant)
    if invitation is None or workspace is None:
        return None
    until = int(invitation.valid_until) // 1000
    digest = payload["email_digest"]
    return letter.message(
        letter.Letter(
            to=invitation.email,
            subject="You are invited to a workspace on Orbitra",
            greeting="Hello,",
            words=f"you are invited to the workspace “{workspace.name}” as {invitation.role}."
            " Sign in with this address, or register it first, to accept.",
            note="The link is good for 7 days. If you do not know who invites you, do nothing.",
            link=letter.Link(
                action="Accept the invitation",
                page="/accept-invitation",
                call="POST /v1/invitations/accept",
                token=tokens.issue_link(PURPOSE, tenant, until, jti=invitation.id, eml=digest),
            ),
        )
    )


def accept(call: Call, token: str) -> Access:
    """Join the workspace that the token's invitation is of; once more changes nothing.

    Raises ``InvalidRequest`` for a token that is not good any more, ``Forbidden`` for a person
    whose address is another one or not verified.
    """
    user, said = accounts.find(service.person(call)), _said(token)
    if user is None or store.digest(user.email) != said["eml"]:
        raise Forbidden("This invitation is for another e-mail address")
    if not user.email_verified:
        raise Forbidden("Verify your e-mail address first")
    present = service.access(said["sub"], user.id)
    return present or _join(call, said, user)


def _said(token: str) -> dict[str, str]:
    try:
        return tokens.verify_link(PURPOSE, token, "jti", "eml")
    except Unauthorized:
        raise InvalidRequest.field("token", STALE) from None


def _join(call: Call, said: dict[str, str], user: User) -> Access:
    tenant, stale = said["sub"], InvalidRequest.field("token", STALE)
    invitation, workspace = store.invitation(tenant, user.email), store.find(tenant)
    if invitation is None or workspace is None or invitation.id != said["jti"]:
        raise stale
    own = f"live#{user.workspace_id}"
    seen = gate.look(own)
    unchanged = Gate.version == seen.number("version")
    call.tx.require(Gate.of(own), unchanged, Conflict("Your account just changed; try again"))
    store.join(call.tx, invitation, user.id, seen.ended(), stale)
    return Access(workspace, gate.look(tenant), invitation.role)


def get(call: Call, user_id: str, found: Access) -> str:
    """A member's id. Raises ``NotFound``."""
    del call
    if found.state.role(user_id) is None:
        raise NotFound
    return user_id


def change_role(call: Call, found: Access, user_id: str, role: str) -> None:
    """Give a member another role; ``owner`` hands the workspace over."""
    found.require("admin")
    if role == "owner":
        _hand_over(call, found, user_id)
        return
    _not_the_owner(found, user_id)
    seen = found.state.number("version")
    store.change_gate(call.tx, found.tenant, Gate.members[user_id].set(role), seen=seen)


def _hand_over(call: Call, found: Access, user_id: str) -> None:
    found.require("owner")
    if found.workspace.is_personal:
        raise Conflict("A personal workspace stays its person's")
    if user_id == found.workspace.owner_id:
        return
    plan, former = service.plan_of(user_id), found.workspace.owner_id
    service.count_owned(call.tx, user_id, plan)
    store.count_owned(call.tx, former, -1, None)
    store.hand_over(call.tx, found.workspace, user_id, plan, found.state.number("version"))


def remove(call: Call, found: Access, user_id: str) -> None:
    """Let a member go, or go oneself; felt by their tokens and keys at the next call."""
    if user_id != call.caller.user_id or call.caller.key_id:
        found.require("admin")
    _not_the_owner(found, user_id)
    store.leave(call.tx, found.tenant, user_id, found.state.number("version"))


def _not_the_owner(found: Access, user_id: str) -> None:
    if user_id == found.workspace.owner_id:
        raise Conflict("The owner stays; hand the workspace over first")


def invitations(found: Access) -> list[Invitation]:
    """The open invitations; for admins."""
    found.require("admin")
    return store.invitations(found.tenant)


def invitation(call: Call, invitation_id: str, found: Access) -> Invitation:
    """An open invitation of the workspace. Raises ``NotFound``."""
    del call
    open_ones = store.invitations(found.tenant)
    match = next((one for one in open_ones if one.id == invitation_id), None)
    if match is None:
        raise NotFound
    return match


def revoke(call: Call, found: Access, invitation: Invitation) -> None:
    """Withdraw an invitation; for admins."""
    found.require("admin")
    store.revoke(call.tx, invitation)
