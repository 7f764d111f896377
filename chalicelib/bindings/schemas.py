"""What clients send and get of bindings."""

from typing import Annotated, Any, Self

from pydantic import Field

from ..http.schemas import Answer, BindingId, Body, Query, SecretId, Time
from ..variables.masking import shown
from ..variables.schemas import Key
from .resolution import Resolved

READ_ONLY = frozenset({"id", "secret_key", "created_at"})


class BindingSet(Body):
    """A new binding; without ``alias_key`` the variable has the secret's own key."""

    read_only = READ_ONLY

    project_secret_id: SecretId
    alias_key: Key | None = None


class BindingItems(Body):
    """All bindings of a service."""

    read_only = frozenset({"total"})

    bindings: Annotated[list[BindingSet], Field(max_length=200)]


class BindingAnswer(Answer):
    """A binding: the variable ``alias_key`` takes the secret with the key ``secret_key``, in the
    scope that the service's environment chooses."""

    id: BindingId
    project_secret_id: SecretId
    secret_key: str
    alias_key: str
    created_at: Time


class ResolvedQuery(Query):
    """Whether to show the values of secrets, which takes the scope admin."""

    reveal: bool = False


class Source(Answer):
    """A value and where it is from: ``env`` is the service's own, ``secret`` the project's."""

    key: str
    value: str
    source: str
    scope: str | None
    secret_id: SecretId | None
    is_secret: bool

    @classmethod
    def of(cls, resolved: Resolved, *, is_revealed: bool, **more: Any) -> Self:
        """The value, masked unless it is revealed."""
        return cls(
            key=resolved.key,
            value=shown(resolved, is_revealed=is_revealed),
            source=resolved.source,
            scope=resolved.scope,
            secret_id=resolved.secret_id,
            is_secret=resolved.is_secret,
            **more,
        )


class ResolvedVariable(Source):
    """A variable as the next start receives it, and what it hides."""

    shadows: list[Source]

    @classmethod
    def with_shadows(cls, resolved: Resolved, *, is_revealed: bool) -> Self:
        """The variable with what it hides."""
        shadows = [Source.of(one, is_revealed=is_revealed) for one in resolved.shadows]
        return cls.of(resolved, is_revealed=is_revealed, shadows=shadows)


class ResolvedVariables(Answer):
    """All that the next start receives."""

    variables: list[ResolvedVariable]
