"""What clients send and get of API keys."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field

from .. import clock
from ..http.call import Scope
from ..http.schemas import (
    ANSWERED_IN_CAMEL,
    SENT_IN_CAMEL,
    Answer,
    Body,
    KeyId,
    Line,
    Moment,
    ProjectId,
    Time,
    UserId,
    WorkspaceId,
)


def _future(ms: int) -> int:
    if ms <= clock.now_ms():
        raise ValueError("must be in the future")
    return ms


class ApiKeyCreate(Body):
    """A new key. ``expires_at`` is an RFC 3339 time; ``project_id`` binds it to one project."""

    read_only = frozenset({"id", "key_prefix", "workspace_id", "created_by", "created_at"})

    name: Annotated[Line, Field(min_length=1, max_length=100)]
    scope: Scope
    mode: Literal["live"] = "live"
    project_id: ProjectId | None = None
    expires_at: Annotated[Moment, AfterValidator(_future)] | None = None


class ApiKeyAnswer(Answer):
    """A key, as it may be shown at any time."""

    id: KeyId
    name: str
    scope: str
    key_prefix: str
    mode: str
    workspace_id: WorkspaceId
    project_id: ProjectId | None
    created_by: UserId
    created_at: Time
    expires_at: Time | None

    @classmethod
    def of(cls, key: Any, **more: Any) -> Self:
        """The answer about a stored key."""
        mode, workspace_id = key.tenant.split("#")
        return cls(
            id=key.id,
            name=key.name,
            scope=key.scope,
            key_prefix=key.public_id,
            mode=mode,
            workspace_id=workspace_id,
            project_id=key.project_id,
            created_by=key.created_by,
            created_at=int(key.created_at),
            expires_at=int(key.valid_until) if key.valid_until else None,
            **more,
        )


class NewApiKey(ApiKeyAnswer):
    """A key that was just made, with its text, which is shown this once."""

    plaintext_key: str


class AccountKeyCreate(ApiKeyCreate):
    """A new key, on the Sites surface."""

    model_config = SENT_IN_CAMEL
    read_only = frozenset({"id", "keyPrefix", "workspaceId", "createdBy", "createdAt"})


class AccountKeyAnswer(ApiKeyAnswer):
    """A key, on the Sites surface."""

    model_config = ANSWERED_IN_CAMEL


class NewAccountKey(NewApiKey):
    """A key that was just made, on the Sites surface."""

    model_config = ANSWERED_IN_CAMEL
