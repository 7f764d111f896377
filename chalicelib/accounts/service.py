"""The rules of accounts and sessions."""

from typing import Any

from .. import clock, ids
from ..errors import Unauthorized
from ..http.call import Call
from ..security import passwords, tokens
from ..workspaces import service as workspaces
from . import store
from .schemas import Login, Register
from .store import Session, User

WRONG = "The e-mail address or the password is wrong"
STALE = "This refresh token is not valid any more; sign in again"


def register(call: Call, body: Register) -> tuple[User, Session]:
    """Make an account with its personal workspace, and sign it in."""
    now = clock.now_ms()
    user_id = ids.new("usr")
    user = User(
        user_id,
        "user",
        email=body.email,
        name=body.name,
        password_hash=passwords.hash_password(body.password),
        workspace_id=workspaces.create_personal(call.tx, user_id, body.name),
        created_at=now,
        updated_at=now,
    )
    store.add_user(call.tx, user, store.ALREADY_REGISTERED)
    return user, _open_session(call, user)


def login(call: Call, body: Login) -> tuple[User, Session]:
    """Sign in. Raises ``Unauthorized``, the same for a wrong address and a wrong password."""
    user = store.user_by_email(body.email)
    right = passwords.verify_password(body.password, user.password_hash if user else None)
    if user is None or not right:
        raise Unauthorized(WRONG)
    return user, _open_session(call, user)


def refresh(refresh_token: str) -> Session:
    """Move a session on. A refresh token that was used before ends the session."""
    token = tokens.verify_refresh(refresh_token)
    session = store.session(token.user_id, token.session_id)
    if session is None:
        raise Unauthorized(STALE)
    if not store.renew(session, token.generation, tokens.REFRESH_SECONDS):
        store.end_session(token.user_id, token.session_id)
        raise Unauthorized(STALE)
    return session


def logout(call: Call) -> None:
    """Close the session of the calling token; a key has none and is left as it is."""
    caller = call.caller
    if caller.session_id:
        store.end_session(caller.user_id, caller.session_id)


def me(call: Call) -> User:
    """The calling user."""
    user = store.user(call.caller.user_id)
    if user is None:
        raise Unauthorized
    return user


def update_me(call: Call, changes: dict[str, Any]) -> User:
    """Change the calling user's profile."""
    user = me(call)
    user.updated_at = clock.now_ms()
    for name, value in changes.items():
        setattr(user, name, value)
    actions = [getattr(User, name).set(value) for name, value in changes.items()]
    store.change_user(call.tx, user.id, User.updated_at.set(user.updated_at), *actions)
    return user


def _open_session(call: Call, user: User) -> Session:
    session = Session.new(user, tokens.REFRESH_SECONDS)
    call.tx.create(session)
    return session
