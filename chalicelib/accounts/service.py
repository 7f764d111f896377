"""The rules of accounts and sessions."""

from typing import Any

from pynamodb.expressions.update import Action

from .. import clock, ids
from ..errors import Conflict, Unauthorized
from ..http.call import Call
from ..security import passwords, tokens
from ..store.transaction import Transaction
from ..workspaces import service as workspaces
from . import attempts, store, verification
from .schemas import Login, Register
from .store import Session, User

WRONG = "The e-mail address or the password is wrong"
TAKEN = "email: this address cannot be registered"
STALE = "This refresh token is not valid any more; sign in again"
SESSIONS_AT_ONCE = 50  # a transaction holds 100 writes


def register(call: Call, body: Register) -> tuple[User, Session]:
    """Make an account with its personal workspace, sign it in, and mail the link to verify it."""
    attempts.count("register_per_address", call.source_ip)
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
    store.add_user(call.tx, user, Conflict(TAKEN))
    verification.send(call.tx, user)
    return user, _open_session(call, user)


def login(call: Call, body: Login) -> tuple[User, Session]:
    """Sign in. Raises ``Unauthorized``, the same for a wrong address and a wrong password."""
    attempts.count("login_per_address", call.source_ip)
    attempts.count("login_per_account", body.email)
    user = store.user_by_email(body.email)
    right = passwords.verify_password(body.password, user.password_hash if user else None)
    if user is None or not right:
        raise Unauthorized(WRONG)
    store.signed_in(call.tx, user, Unauthorized(WRONG), *_renewed_hash(user, body.password))
    return user, _open_session(call, user)


def _renewed_hash(user: User, password: str) -> list[Action]:
    """What stores the password's hash anew when it was made with other parameters."""
    if not passwords.is_outdated(user.password_hash):
        return []
    return [User.password_hash.set(passwords.hash_password(password))]


def refresh(refresh_token: str) -> Session:
    """Move a session on. A refresh token that was used before ends the session."""
    token = tokens.verify_refresh(refresh_token)
    session = store.session(token.user_id, token.session_id)
    if session is None:
        raise Unauthorized(STALE)
    if not store.renew(session, token.generation, tokens.REFRESH_SECONDS):
        _end_now(session)
        raise Unauthorized(STALE)
    return session


def logout(call: Call) -> None:
    """Close the session of the calling token; a key has none and is left as it is."""
    caller = call.caller
    if caller.session_id:
        end_sessions(call.tx, caller.user_id, [caller.session_id])


def end_sessions(tx: Transaction, user_id: str, session_ids: list[str]) -> None:
    """Close sessions of a person; their tokens open nothing from now on."""
    for session_id in session_ids:
        store.end_session(tx, user_id, session_id)
    workspaces.end_sessions(tx, user_id, session_ids)


def _end_now(session: Session) -> None:
    tx = Transaction()
    end_sessions(tx, str(session.pk), [session.id])
    tx.commit()


def end_all_sessions(tx: Transaction, user_id: str) -> None:
    """Close every session of the user.

    Of more than a transaction holds, the oldest are closed at once.
    """
    session_ids = store.open_sessions(user_id)
    while len(session_ids) > SESSIONS_AT_ONCE:
        at_once = Transaction()
        end_sessions(at_once, user_id, session_ids[:SESSIONS_AT_ONCE])
        at_once.commit()
        session_ids = session_ids[SESSIONS_AT_ONCE:]
    if session_ids:
        end_sessions(tx, user_id, session_ids)


def find(user_id: str) -> User | None:
    """The user with this id."""
    return store.user(user_id)


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
