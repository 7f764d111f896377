"""API keys: made, listed, rotated, revoked; on the Public and on the Sites surface.

People manage their own keys whatever their role; programs need the scope admin.
"""

from typing import Annotated

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import public, sites
from . import service, store
from .schemas import (
    AccountKeyAnswer,
    AccountKeyCreate,
    ApiKeyAnswer,
    ApiKeyCreate,
    NewAccountKey,
    NewApiKey,
)

KeyInPath = Annotated[store.ApiKey, FromPath("key_id", "key", service.get)]

NEW = {"name": "ci", "scope": "write"}
OF_PEOPLE_TOO = {"scope": "admin", "people": "read", "for_bound_keys": True}


@public.post("/api-keys", **OF_PEOPLE_TOO, status=201, example=NEW)
def create_api_key(call: Call, body: ApiKeyCreate) -> NewApiKey:
    """Create an API key; its text is shown this once."""
    key, text = service.create(call, body)
    return NewApiKey.of(key, plaintext_key=text)


@public.get("/api-keys", **OF_PEOPLE_TOO, plural="api_keys")
def list_api_keys(call: Call, page: Page) -> Listing[ApiKeyAnswer]:
    """List your API keys; admins see all of the workspace's."""
    keys, total = service.page(call, page)
    return Listing([ApiKeyAnswer.of(key) for key in keys], total, page)


@public.post("/api-keys/{key_id}/rotate", **OF_PEOPLE_TOO)
def rotate_api_key(call: Call, key: KeyInPath) -> NewApiKey:
    """Give an API key a new text, shown this once; the old one opens nothing any more."""
    text = service.rotate(call, key)
    return NewApiKey.of(key, plaintext_key=text)


@public.delete("/api-keys/{key_id}", **OF_PEOPLE_TOO, status=204)
def revoke_api_key(call: Call, key: KeyInPath) -> None:
    """Revoke an API key, from the next request on."""
    service.revoke(call, key)


@public.get("/users/me/api-key", scope="read", for_bound_keys=True, refusals=(404,))
def get_my_api_key(call: Call) -> ApiKeyAnswer:
    """Describe the key that is calling."""
    return ApiKeyAnswer.of(service.current(call))


@sites.post("/account/api-keys", **OF_PEOPLE_TOO, status=201, example=NEW)
def create_account_key(call: Call, body: AccountKeyCreate) -> NewAccountKey:
    """Create an API key; its text is shown this once."""
    key, text = service.create(call, body)
    return NewAccountKey.of(key, plaintext_key=text)


@sites.get("/account/api-keys", **OF_PEOPLE_TOO)
def list_account_keys(call: Call, page: Page) -> Listing[AccountKeyAnswer]:
    """List your API keys; admins see all of the workspace's."""
    keys, total = service.page(call, page)
    return Listing([AccountKeyAnswer.of(key) for key in keys], total, page)


@sites.post("/account/api-keys/{key_id}/rotate", **OF_PEOPLE_TOO)
def rotate_account_key(call: Call, key: KeyInPath) -> NewAccountKey:
    """Give an API key a new text, shown this once; the old one opens nothing any more."""
    text = service.rotate(call, key)
    return NewAccountKey.of(key, plaintext_key=text)


@sites.delete("/account/api-keys/{key_id}", **OF_PEOPLE_TOO, status=204)
def revoke_account_key(call: Call, key: KeyInPath) -> None:
    """Revoke an API key, from the next request on."""
    service.revoke(call, key)
