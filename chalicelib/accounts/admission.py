"""Turns the Authorization header into a caller, or refuses."""

from ..api_keys import service as api_keys
from ..errors import Unauthorized
from ..http.call import Call, Caller
from ..security import keys, tokens
from ..workspaces import service as workspaces
from . import store


def admit(call: Call) -> Caller:
    """Who is calling. Raises ``Unauthorized`` for anything but a valid key or access token."""
    scheme, _, credential = call.headers.get("authorization", "").partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise Unauthorized
    return _by_key(credential) if credential.startswith("ak_") else _by_token(credential)


def _by_key(credential: str) -> Caller:
    key = keys.parse(credential)
    if key is None:
        raise Unauthorized("This is not a valid API key")
    if key.mode != "live":
        raise Unauthorized("This base URL takes live keys (ak_live_…) only")
    return api_keys.caller_of(key)


def _by_token(credential: str) -> Caller:
    token = tokens.verify_access(credential)
    session = store.session(token.user_id, token.session_id)
    if session is None:
        raise Unauthorized("Invalid or expired token")
    workspace_id = str(session.workspace_id)
    scope = workspaces.scope_of_member(f"live#{workspace_id}", token.user_id)
    if scope is None:
        raise Unauthorized("Invalid or expired token")
    return Caller(token.user_id, workspace_id, scope, session_id=token.session_id)
