"""What clients send and get of workspaces, members and invitations."""

from typing import Annotated, Literal

from pydantic import Field

from ..accounts.schemas import Email
from ..http.schemas import Answer, Body, InvitationId, Line, Time, UserId, WorkspaceId

WorkspaceName = Annotated[Line, Field(min_length=1, max_length=100)]


class WorkspaceWrite(Body):
    """A workspace's name."""

    read_only = frozenset(
        {"id", "role", "plan", "is_personal", "owner_id", "created_at", "updated_at"}
    )

    name: WorkspaceName


class WorkspaceAnswer(Answer):
    """A workspace; ``role`` is the caller's, ``plan`` its owner's."""

    id: WorkspaceId
    name: str
    role: str
    plan: str
    is_personal: bool
    owner_id: UserId
    created_at: Time
    updated_at: Time


class Invite(Body):
    """Whom to invite, as what."""

    email: Email
    role: Literal["admin", "member", "viewer"] = "member"


class InvitationAnswer(Answer):
    """An open invitation: ``pending``, or ``expired`` after seven days."""

    id: InvitationId
    email: str
    role: str
    status: Literal["pending", "expired"]
    invited_by: UserId
    created_at: Time
    expires_at: Time


class RoleChange(Body):
    """Another role; ``owner`` hands the workspace over."""

    read_only = frozenset({"user_id", "email", "name", "created_at"})

    role: Literal["owner", "admin", "member", "viewer"]


class MemberAnswer(Answer):
    """A member of a workspace."""

    user_id: UserId
    email: str
    name: str
    role: str
    created_at: Time


class Accept(Body):
    """The token of a mailed invitation."""

    token: Annotated[str, Field(max_length=2000)]
