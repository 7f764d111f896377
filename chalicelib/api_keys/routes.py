"""API keys: made, listed, revoked."""

from typing import Annotated

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import public
from . import service, store
from .schemas import ApiKeyAnswer, ApiKeyCreate, NewApiKey

KeyInPath = Annotated[store.ApiKey, FromPath("key_id", "key", service.get)]


@public.post("/api-keys", scope="admin", status=201, example={"name": "ci", "scope": "write"})
def create_api_key(call: Call, body: ApiKeyCreate) -> NewApiKey:
    """Create an API key; its text is shown this once."""
    key, text = service.create(call, body)
    return NewApiKey.of(key, plaintext_key=text)


@public.get("/api-keys", scope="admin", plural="api_keys")
def list_api_keys(call: Call, page: Page) -> Listing[ApiKeyAnswer]:
    """List the workspace's API keys."""
    keys, total = service.page(call, page)
    return Listing([ApiKeyAnswer.of(key) for key in keys], total, page)


@public.delete("/api-keys/{key_id}", scope="admin", status=204)
def revoke_api_key(call: Call, key: KeyInPath) -> None:
    """Revoke an API key, from the next request on."""
    service.revoke(call, key)


@public.get("/users/me/api-key", scope="read")
def get_my_api_key(call: Call) -> ApiKeyAnswer:
    """Describe the key that is calling."""
    return ApiKeyAnswer.of(service.current(call))
