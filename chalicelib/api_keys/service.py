"""The rules of API keys: people manage their own, admins all of the workspace's."""

from .. import clock, ids
from ..errors import Forbidden, InvalidRequest, NotFound
from ..http.call import Call
from ..http.pages import Page
from ..projects import service as projects
from ..security import keys
from ..security.keys import PlaintextKey
from ..store.transaction import Transaction
from ..workspaces import actions
from ..workspaces import service as workspaces
from . import store
from .schemas import ApiKeyCreate
from .store import ApiKey

MOST_KEYS = 10


class KeyLimitReached(InvalidRequest):
    """A person has as many keys as there can be."""

    sites_code = "API_KEY_LIMIT_REACHED"
    message = f"You have {MOST_KEYS} keys, the most there can be; delete one first"


def create(call: Call, body: ApiKeyCreate) -> tuple[ApiKey, str]:
    """Make a key of the calling workspace; the key and its text."""
    if not call.caller.may(body.scope):
        raise Forbidden(f"A key cannot have more than your own scope, {call.caller.scope}")
    plaintext = keys.generate(body.mode)
    key = _new(call, body, plaintext)
    store.add(call.tx, key)
    expired = [one for one in _own(call) if one.is_expired(clock.now_ms())]
    out = _remove(call.tx, expired)
    most, change = MOST_KEYS + len(expired), 1 - len(expired)
    store.count(call.tx, call.caller.user_id, change, most, KeyLimitReached())
    actions.count(call, "key-creation")
    workspaces.change_keys(call.tx, call.tenant, into=[key.public_id], out=out)
    return key, plaintext.text


def _remove(tx: Transaction, found: list[ApiKey]) -> list[str]:
    """Delete keys; what the gate knew them by."""
    for key in found:
        store.remove(tx, key, NotFound())
    return [key.public_id for key in found]


def _new(call: Call, body: ApiKeyCreate, plaintext: PlaintextKey) -> ApiKey:
    return ApiKey.new(
        call.tenant,
        ids.new("key"),
        name=body.name,
        scope=body.scope,
        public_id=plaintext.public_id,
        secret_hash=plaintext.secret_hash,
        created_by=call.caller.user_id,
        project_id=_bound_to(call, body.project_id),
        valid_until=body.expires_at,
    )


def _bound_to(call: Call, project_id: str | None) -> str | None:
    """The project that a new key is bound to; a bound key makes keys of its own project only."""
    wanted = project_id or call.caller.project_id
    if wanted is None:
        return None
    project = projects.find(call.tenant, wanted)
    if project is None or call.caller.project_id not in {None, wanted}:
        raise InvalidRequest.field("project_id", "is not a project of yours")
    projects.require(call.tx, project)
    return wanted


def page(call: Call, page: Page) -> tuple[list[ApiKey], int]:
    """The keys that the caller manages, newest first, and how many there are."""
    found = _own(call) if not call.caller.may("admin") else store.all_of(call.tenant)
    bound = call.caller.project_id
    found = [key for key in found if bound in {None, key.project_id}]
    return found[page.offset : page.offset + page.limit], len(found)


def _own(call: Call) -> list[ApiKey]:
    return [key for key in store.all_of(call.tenant) if key.created_by == call.caller.user_id]


def get(call: Call, key_id: str) -> ApiKey:
    """A key that the caller manages. Raises ``NotFound``."""
    key = ApiKey.of(call.tenant, key_id)
    own = key is not None and key.created_by == call.caller.user_id
    if key is None or not (own or call.caller.may("admin")):
        raise NotFound
    return key


def current(call: Call) -> ApiKey:
    """The calling key. Raises ``NotFound`` for who calls with an access token."""
    key = ApiKey.of(call.tenant, call.caller.key_id) if call.caller.key_id else None
    if key is None:
        raise NotFound("You are not calling with an API key")
    return key


def rotate(call: Call, key: ApiKey) -> str:
    """Give the key a new text, which is answered; the old one opens nothing any more."""
    plaintext, former = keys.generate("live"), key.public_id
    store.rotate(call.tx, key, plaintext.public_id, plaintext.secret_hash)
    new = plaintext.public_id
    workspaces.change_keys(call.tx, call.tenant, into=[new], out=[former])
    return plaintext.text


def revoke(call: Call, key: ApiKey) -> None:
    """Delete a key; it opens nothing from the next request on."""
    _end(call.tx, call.tenant, [key])


def revoke_bound(tx: Transaction, tenant: str, project_id: str) -> None:
    """Delete the keys that are bound to a project that goes."""
    bound = [key for key in store.all_of(tenant) if key.project_id == project_id]
    if bound:
        _end(tx, tenant, bound)


def _end(tx: Transaction, tenant: str, found: list[ApiKey]) -> None:
    store.discount(tx, found)
    workspaces.change_keys(tx, tenant, out=_remove(tx, found))


def forget(tx: Transaction, tenant: str, most: int) -> bool:
    """Delete some keys of a workspace that is gone; whether there were any."""
    found = store.all_of(tenant)[:most]
    store.discount(tx, found)
    _remove(tx, found)
    return bool(found)
