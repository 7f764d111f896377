"""What a service gets when it starts: its own variables, and those it binds to secrets.

A variable of its own wins over a binding of the same name. A binding whose key has no secret in
the scopes of the service's environment gives nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from ..errors import InvalidRequest
from ..project_secrets import store as vaults
from ..project_secrets.scopes import fitting
from ..project_secrets.store import Secret, Secrets
from ..services.store import Service
from ..variables import service as variables
from ..variables.service import block_size
from ..variables.store import Settings

MOST_KIB = 256
MOST_KIB_EACH = 128  # what Linux takes of one variable, with its name; an alias may be longer


@dataclass(frozen=True)
class Resolved:
    """A variable as the process gets it, and what it hides."""

    key: str
    value: str = field(repr=False)
    is_secret: bool
    source: Literal["env", "secret"]
    scope: str | None = None
    secret_id: str | None = None
    shadows: tuple["Resolved", ...] = ()


def of(service: Service) -> list[Resolved]:
    """What the next start of the service receives, by key."""
    return resolve(service, variables.read(service))


def resolve(service: Service, settings: Settings, secrets: Secrets | None = None) -> list[Resolved]:
    """What a start with these settings receives, by key.

    ``secrets`` are those of the project, which are read when they are not given. Raises
    ``InvalidRequest`` when it is larger than a process can take.
    """
    if secrets is None:
        secrets = _secrets(service, settings)
    bound = {one.key: one for one in _bound(service, settings, secrets)}
    own = [
        Resolved(one.key, one.value, one.is_secret, "env", shadows=_hidden(bound, one.key))
        for one in settings.variables.values()
    ]
    merged = {**bound, **{one.key: one for one in own}}
    _check({key: one.value for key, one in merged.items()})
    return [merged[key] for key in sorted(merged)]


def _check(environment: dict[str, str]) -> None:
    """Raise ``InvalidRequest`` when it is too large in all, or one is for the kernel."""
    if block_size(environment) > MOST_KIB * 1024:
        text = f"is larger than {MOST_KIB} KiB with the secrets that are bound"
        raise InvalidRequest.field("environment", text)
    for key, value in environment.items():
        if block_size({key: value}) > MOST_KIB_EACH * 1024:
            raise InvalidRequest.field("environment", f"{key} is larger than {MOST_KIB_EACH} KiB")


def _hidden(bound: dict[str, Resolved], key: str) -> tuple[Resolved, ...]:
    taken = bound.get(key)
    return (replace(taken, shadows=()), *taken.shadows) if taken else ()


def _secrets(service: Service, settings: Settings) -> Secrets:
    return vaults.read(service.tenant, service.project_id).secrets if settings.bindings else {}


def _bound(service: Service, settings: Settings, secrets: Secrets) -> Iterator[Resolved]:
    for binding in settings.bindings.values():
        found = fitting(secrets, binding.secret_key, service.environment)
        taken = [_as_taken(binding.alias_key, secret) for secret in found]
        if taken:
            yield replace(taken[0], shadows=tuple(taken[1:]))


def _as_taken(alias: str, secret: Secret) -> Resolved:
    return Resolved(alias, secret.value, secret.is_secret, "secret", secret.scope, secret.id)
