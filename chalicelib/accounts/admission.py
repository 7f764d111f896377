"""Turns the Authorization header into a caller, counted against the limits, or refuses."""

from dataclasses import replace
from typing import Any, cast

from .. import clock, ids
from ..api_keys import store as api_keys
from ..api_keys.store import ApiKey
from ..errors import Unauthorized
from ..http.call import Call, Caller, Scope
from ..security import keys, tokens
from ..workspaces import gate
from ..workspaces.gate_state import Badge
from ..workspaces.roles import SCOPE_OF, narrower


def admit(call: Call) -> Caller:
    """Who is calling; ``call.standing`` says where they stand with the limits.

    Raises ``Unauthorized`` for anything but a valid key or access token, ``LimitReached`` beyond a
    limit. A key or token that is known to this process costs one round trip.
    """
    scheme, _, credential = call.headers.get("authorization", "").partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise Unauthorized
    return (
        _by_key(call, credential) if credential.startswith("ak_") else _by_token(call, credential)
    )


def _by_key(call: Call, credential: str) -> Caller:
    plaintext = keys.parse(credential)
    if plaintext is None:
        raise Unauthorized("This is not a valid API key")
    if plaintext.mode != "live":
        raise Unauthorized("This base URL takes live keys (ak_live_…) only")
    key = api_keys.by_public_id(plaintext.public_id)
    if key is None or not keys.matches(plaintext, key.secret_hash):
        raise Unauthorized(gate.INVALID)
    if not _is_current(key):
        raise Unauthorized(gate.INVALID)
    if _wanted_workspace(call, key.workspace_id) != key.workspace_id:
        raise Unauthorized("X-Workspace-Id: this API key belongs to another workspace")
    badge = Badge(plaintext.public_id, key.created_by, is_key=True)
    caller = _enter(call, badge, key.workspace_id, key_id=key.id, project_id=key.project_id)
    is_known = call.is_admitted
    call.is_admitted = lambda: _is_current(key) and is_known()
    return replace(caller, scope=narrower(caller.scope, cast(Scope, key.scope)))


def _is_current(key: ApiKey) -> bool:
    return not key.is_expired(clock.now_ms())


def _by_token(call: Call, credential: str) -> Caller:
    token = tokens.verify_access(credential)
    workspace_id = _wanted_workspace(call, token.workspace_id)
    badge = Badge(token.session_id, token.user_id, is_key=False)
    return _enter(call, badge, workspace_id, session_id=token.session_id)


def _wanted_workspace(call: Call, own: str) -> str:
    """The workspace that the call names, or its credential's own."""
    wanted = call.headers.get("x-workspace-id", "").strip()
    try:
        return ids.parse("wks", wanted) if wanted else own
    except ValueError:
        raise Unauthorized(gate.INVALID) from None


def _enter(call: Call, badge: Badge, workspace_id: str, **more: Any) -> Caller:
    tenant = f"live#{workspace_id}"
    entered = gate.enter(tenant, badge)
    call.standing = entered.standing
    call.is_admitted = lambda: gate.knows(tenant, badge)
    scope = SCOPE_OF[entered.role]
    return Caller(badge.user_id, workspace_id, scope, plan=entered.plan, role=entered.role, **more)
