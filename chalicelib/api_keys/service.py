"""The rules of API keys."""


from .. import ids
from ..errors import Forbidden, InvalidRequest, NotFound
from ..http.call import Call
from ..http.pages import Page
from ..security import keys
from ..workspaces import service as workspaces
from . import store
from .schemas import ApiKeyCreate
from .store import ApiKey

MOST_KEYS = 10
INVALID = "This API key is invalid, expired or revoked"


def create(call: Call, body: ApiKeyCreate) -> tuple[ApiKey, str]:
    """Make a key of the calling workspace; the key and its text."""
    if not call.caller.may(body.scope):
        raise Forbidden(f"A key cannot have more than your own scope, {call.caller.scope}")
    plaintext = keys.generate(body.mode)
    key = ApiKey.new(
        call.tenant,
        ids.new("key"),
        name=body.name,
        scope=body.scope,
        public_id=plaintext.public_id,
        secret_hash=plaintext.secret_hash,
        created_by=call.caller.user_id,
        valid_until=body.valid_until(),
    )
    full = InvalidRequest(f"You have {MOST_KEYS} keys, the most there can be; delete one first")
    store.add(call.tx, key, MOST_KEYS, full)
    workspaces.let_in(call.tx, call.tenant, key.public_id)
    return key, plaintext.text


def page(call: Call, page: Page) -> tuple[list[ApiKey], int]:
    """The workspace's keys, newest first, and how many there are."""
    return store.page(call.tenant, page.offset, page.limit)


def get(call: Call, key_id: str) -> ApiKey:
    """The workspace's key. Raises ``NotFound``."""
    key = ApiKey.of(call.tenant, key_id)
    if key is None:
        raise NotFound
    return key


def current(call: Call) -> ApiKey:
    """The calling key. Raises ``NotFound`` for who calls with an access token."""
    if call.caller.key_id is None:
        raise NotFound("You are not calling with an API key")
    return get(call, call.caller.key_id)


def revoke(call: Call, key: ApiKey) -> None:
    """Delete a key; it opens nothing from the next request on."""
    store.remove(call.tx, key, NotFound())
    workspaces.keep_out(call.tx, call.tenant, key.public_id)


def known(public_id: str) -> ApiKey | None:
    """The key that a text names, good or not."""
    return store.by_public_id(public_id)
