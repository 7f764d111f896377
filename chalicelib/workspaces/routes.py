"""Workspaces, members and invitations, on the Platform surface.

What a person may do here is decided by their role in the workspace that the path names; a program
needs the scope, too, and reaches its own workspace only.
"""

from typing import Annotated, TypeVar

from .. import clock
from ..accounts.store import User
from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import platform
from . import members, service
from .schemas import (
    Accept,
    InvitationAnswer,
    Invite,
    MemberAnswer,
    RoleChange,
    WorkspaceAnswer,
    WorkspaceWrite,
)
from .service import Access
from .store import Invitation, Member

WorkspaceInPath = Annotated[Access, FromPath("workspace_id", "wks", service.get)]
MemberInPath = Annotated[str, FromPath("user_id", "usr", members.get)]
InvitationInPath = Annotated[Invitation, FromPath("invitation_id", "ivt", members.invitation)]

ONE = "/workspaces/{workspace_id}"
BY_ROLE = {"scope": "admin", "people": "read"}

T = TypeVar("T")


@platform.get("/workspaces", scope="read")
def list_workspaces(call: Call, page: Page) -> Listing[WorkspaceAnswer]:
    """List the workspaces that you are a member of."""
    found = service.all_of(call)
    return Listing([_answer(one) for one in _shown(found, page)], len(found), page)


@platform.post("/workspaces", **BY_ROLE, status=201, example={"name": "Acme"})
def create_workspace(call: Call, body: WorkspaceWrite) -> WorkspaceAnswer:
    """Create a workspace that you own."""
    return _answer(service.create(call, body.name))


@platform.get(ONE, scope="read")
def get_workspace(call: Call, workspace: WorkspaceInPath) -> WorkspaceAnswer:
    """Get a workspace."""
    del call
    return _answer(workspace)


@platform.patch(ONE, **BY_ROLE, example={"name": "Acme Inc"})
def rename_workspace(
    call: Call, workspace: WorkspaceInPath, body: WorkspaceWrite
) -> WorkspaceAnswer:
    """Rename a workspace."""
    return _answer(service.rename(call, workspace, body.name))


@platform.delete(ONE, **BY_ROLE, status=204)
def delete_workspace(call: Call, workspace: WorkspaceInPath) -> None:
    """Delete a workspace that has no projects left."""
    service.delete(call, workspace)


@platform.get(ONE + "/members", scope="read")
def list_members(call: Call, workspace: WorkspaceInPath, page: Page) -> Listing[MemberAnswer]:
    """List the members of a workspace."""
    del call
    found = [_member(*one) for one in members.people(workspace)]
    return Listing(_shown(found, page), len(found), page)


@platform.post(
    ONE + "/members", **BY_ROLE, status=201, example={"email": "a@example.com", "role": "member"}
)
def invite_member(call: Call, workspace: WorkspaceInPath, body: Invite) -> InvitationAnswer:
    """Invite an e-mail address; whoever it belongs to becomes a member by accepting."""
    return _invitation(members.invite(call, workspace, body.email, body.role))


@platform.patch(ONE + "/members/{user_id}", **BY_ROLE, example={"role": "viewer"})
def change_member(
    call: Call, workspace: WorkspaceInPath, user_id: MemberInPath, body: RoleChange
) -> MemberAnswer:
    """Give a member another role; `owner` hands the workspace over."""
    [found] = [one for one in members.people(workspace) if one[0].user_id == user_id]
    members.change_role(call, workspace, user_id, body.role)
    return _member(found[0], found[1], body.role)


@platform.delete(ONE + "/members/{user_id}", **BY_ROLE, status=204)
def remove_member(call: Call, workspace: WorkspaceInPath, user_id: MemberInPath) -> None:
    """Remove a member, or leave; their tokens and keys feel it at the next call."""
    members.remove(call, workspace, user_id)


@platform.get(ONE + "/invitations", **BY_ROLE)
def list_invitations(
    call: Call, workspace: WorkspaceInPath, page: Page
) -> Listing[InvitationAnswer]:
    """List the open invitations of a workspace."""
    del call
    found = [_invitation(one) for one in members.invitations(workspace)]
    return Listing(_shown(found, page), len(found), page)


@platform.delete(ONE + "/invitations/{invitation_id}", **BY_ROLE, status=204)
def revoke_invitation(call: Call, workspace: WorkspaceInPath, invitation: InvitationInPath) -> None:
    """Withdraw an invitation."""
    members.revoke(call, workspace, invitation)


@platform.post("/invitations/accept", scope="read", example={"token": "eyJ…"})
def accept_invitation(call: Call, body: Accept) -> WorkspaceAnswer:
    """Accept an invitation to your verified e-mail address."""
    return _answer(members.accept(call, body.token))


def _shown(found: list[T], page: Page) -> list[T]:
    return found[page.offset : page.offset + page.limit]


def _answer(found: Access) -> WorkspaceAnswer:
    workspace = found.workspace
    return WorkspaceAnswer(
        id=workspace.id,
        name=workspace.name,
        role=found.role,
        plan=found.state.plan,
        is_personal=workspace.is_personal,
        owner_id=workspace.owner_id,
        created_at=int(workspace.created_at),
        updated_at=int(workspace.updated_at),
    )


def _member(member: Member, user: User, role: str) -> MemberAnswer:
    joined = int(member.created_at)
    return MemberAnswer(
        user_id=user.id, email=user.email, name=user.name, role=role, created_at=joined
    )


def _invitation(found: Invitation) -> InvitationAnswer:
    until = int(found.valid_until)
    return InvitationAnswer(
        id=found.id,
        email=found.email,
        role=found.role,
        status="pending" if until > clock.now_ms() else "expired",
        invited_by=found.invited_by,
        created_at=int(found.created_at),
        expires_at=until,
    )
