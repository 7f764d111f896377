"""What clients send and get of project secrets."""

from typing import Annotated, Self

from pydantic import Field

from ..http.schemas import Answer, Body, ProjectId, Query, SecretId, Time
from ..variables.masking import MASK, shown
from ..variables.schemas import Key, NewValue, Value
from .scopes import Scope
from .store import Secret

READ_ONLY = frozenset({"id", "project_id", "created_at", "updated_at"})


class SecretSet(Body):
    """A new secret. With ``is_secret`` false its value is shown in lists."""

    read_only = READ_ONLY

    key: Key
    value: NewValue
    scope: Scope
    is_secret: bool = True


class SecretChange(Body):
    """What may be changed of a secret; what is left out stays, and so does a masked value."""

    read_only = READ_ONLY | {"key", "scope"}

    value: Value = MASK
    is_secret: bool | None = None


class SecretItem(SecretChange):
    """A secret of many: the one with this key in this scope is changed, or made.

    A masked or absent value keeps the present one, and so does an absent ``is_secret``.
    """

    read_only = READ_ONLY

    key: Key
    scope: Scope


class SecretItems(Body):
    """Secrets, each key once in a scope."""

    read_only = frozenset({"total"})

    secrets: Annotated[list[SecretItem], Field(max_length=300)]


class SecretFilter(Query):
    """Which secrets: of all scopes, or of one."""

    scope: Scope | None = None


class SecretRemoval(Query):
    """Whether a secret goes although services use it."""

    force: bool = False


class SecretAnswer(Answer):
    """A secret; its value reads ``********`` where it is not revealed."""

    id: SecretId
    project_id: ProjectId
    key: str
    value: str
    scope: str
    is_secret: bool
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, secret: Secret, project_id: str, *, is_revealed: bool = False) -> Self:
        """The secret as anyone may see it, or revealed."""
        return cls(
            id=secret.id,
            project_id=project_id,
            key=secret.key,
            value=shown(secret, is_revealed=is_revealed),
            scope=secret.scope,
            is_secret=secret.is_secret,
            created_at=secret.created_at,
            updated_at=secret.updated_at,
        )
