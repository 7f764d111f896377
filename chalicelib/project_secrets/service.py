"""The rules of project secrets."""

from dataclasses import replace

from .. import clock
from ..bindings import users
from ..bindings.users import Use
from ..errors import Conflict, InvalidRequest, NotFound
from ..http.call import Call
from ..projects import service as projects
from ..projects.store import Project
from ..variables import masking
from ..variables.masking import MASK
from ..variables.service import block_size, difference
from . import store
from .schemas import SecretChange, SecretItem, SecretSet
from .store import Held, Secret, Secrets, Vault

MOST = 300
MOST_KIB = 128


def read(project: Project) -> Vault:
    """The project's secrets."""
    return store.read(project.tenant, project.id)


def get(call: Call, secret_id: str, project: Project) -> Held:
    """A secret of the project, among all. Raises ``NotFound``."""
    del call
    vault = read(project)
    for one in vault.secrets.values():
        if one.id == secret_id:
            return Held(vault, one)
    raise NotFound


def add(call: Call, project: Project, body: SecretSet) -> Secret:
    """Add a secret. Raises ``Conflict`` when there is one with its key in its scope."""
    vault = read(project)
    if (body.key, body.scope) in vault.secrets:
        raise Conflict(f"key: there is a secret {body.key} in {body.scope} already; change that")
    made = Secret(body.key, body.scope, body.value, body.is_secret)
    _edit(call, project, vault, vault.secrets | {(made.key, made.scope): made})
    return made


def change(call: Call, project: Project, held: Held, body: SecretChange) -> Secret:
    """Change a secret."""
    vault, changed = held.vault, _changed(held.secret, body, "")
    _edit(call, project, vault, vault.secrets | {(changed.key, changed.scope): changed})
    return changed


def change_many(call: Call, project: Project, items: list[SecretItem]) -> Secrets:
    """Change or add these secrets, all at once; the others stay."""
    vault = read(project)
    return _edit(call, project, vault, vault.secrets | _taken(vault.secrets, items))


def delete(call: Call, project: Project, held: Held, *, is_forced: bool) -> None:
    """Delete a secret. Raises ``Conflict`` when services use it, unless it is forced."""
    vault, secret = held
    left = {place: one for place, one in vault.secrets.items() if one != secret}
    uses = users.uses(call.tenant, vault, left)
    if not is_forced:
        _must_be_unused(uses)
    _write(call, project, vault, left, uses)


def check(secrets: Secrets) -> None:
    """Raise ``InvalidRequest`` when there are too many, or they are too large together."""
    if len(secrets) > MOST:
        raise InvalidRequest.field("secrets", f"A project holds at most {MOST} secrets")
    if sum(block_size({one.key: one.value}) for one in secrets.values()) > MOST_KIB * 1024:
        raise InvalidRequest.field("secrets", f"are larger than {MOST_KIB} KiB in all")


def _edit(call: Call, project: Project, vault: Vault, secrets: Secrets) -> Secrets:
    """Stage what is changed; it waits for the next deploy or restart of those who use it."""
    if secrets != vault.secrets:
        check(secrets)
        _write(call, project, vault, secrets, users.uses(call.tenant, vault, secrets))
    return secrets


def _write(call: Call, project: Project, vault: Vault, secrets: Secrets, uses: list[Use]) -> None:
    projects.require(call.tx, project)
    store.write(call.tx, call.tenant, replace(vault, secrets=secrets))
    users.note(call.tx, call.tenant, uses)
    call.changed = difference(_named(vault.secrets), _named(secrets))


def _must_be_unused(uses: list[Use]) -> None:
    """Raise ``Conflict`` when services take another value then."""
    names = sorted(use.service.name for use in uses if use.differs)
    if names:
        told = ", ".join(names)
        raise Conflict(f"This secret is used by {told}; unbind it, or delete with force=true")


def _named(secrets: Secrets) -> dict[str, Secret]:
    return {f"{key} ({scope})": one for (key, scope), one in secrets.items()}


def _taken(present: Secrets, items: list[SecretItem]) -> Secrets:
    """What a list of items makes of the present secrets."""
    found: Secrets = {}
    for number, item in enumerate(items):
        place = f"secrets.{number}."
        if (item.key, item.scope) in found:
            raise InvalidRequest.field(place + "key", f"is there twice in {item.scope}")
        found[item.key, item.scope] = _item(present.get((item.key, item.scope)), item, place)
    return found


def _item(present: Secret | None, item: SecretItem, place: str) -> Secret:
    if present:
        return _changed(present, item, place)
    if item.value == MASK:
        raise InvalidRequest.field(place + "value", "is required for a new secret")
    return Secret(item.key, item.scope, item.value, item.is_secret is not False)


def _changed(present: Secret, body: SecretChange, place: str) -> Secret:
    """The secret as the body has it, or itself when nothing differs."""
    value, is_secret = masking.changed(present, body, place)
    if (value, is_secret) == (present.value, present.is_secret):
        return present
    return replace(present, value=value, is_secret=is_secret, updated_at=clock.now_ms())
