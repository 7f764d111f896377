"""Forgotten passwords: a mailed link sets a new one, once, within an hour.

Asking does the same work for every address, known or not: an unknown one gets a link too, of a
user that never was, and the job that should mail it finds nobody.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from .. import clock, ids
from ..errors import Conflict, InvalidRequest, NotFound, Unauthorized
from ..http.call import Call
from ..mail import letter
from ..mail import service as mail
from ..security import passwords, tokens
from ..store.transaction import Transaction
from . import attempts, service, store
from .schemas import NewPassword
from .store import PasswordReset, User

PURPOSE = "password-reset"
TENANT = "live#accounts"
SECONDS = 3600
STALE = "is not valid, or not any more; ask for a new link at POST /api/auth/password-reset"
BUSY = "Somebody signed in to this account at this moment; try again"


def request(call: Call, email: str) -> None:
    """Mail a link to the account with this address, if there is one; earlier links end."""
    attempts.count("reset_per_address", call.source_ip)
    attempts.count("reset_per_account", email)
    user_id = store.user_id_by_email(email) or ids.new("usr")
    reset = PasswordReset(
        user_id,
        "password-reset",
        nonce=secrets.token_urlsafe(24),
        expires_at=clock.now() + SECONDS,
    )
    store.put_password_reset(call.tx, reset)
    mail.send_later(call.tx, TENANT, PURPOSE, {"user_id": user_id})


def confirm(call: Call, body: NewPassword) -> None:
    """Set the password, end every session, and take the address for verified.

    Raises ``InvalidRequest`` when the token is not good for this, or was used.
    """
    attempts.count("confirm_per_address", call.source_ip)
    reset = _reset_of(body.token)
    user = store.user(str(reset.pk))
    if user is None:
        raise _stale()
    store.use_password_reset(call.tx, reset, _stale())
    _set(call.tx, user, body.password)


def reset(email: str, password: str) -> None:
    """Set a password for who runs the installation. Raises ``NotFound`` for an unknown address."""
    user = store.user_by_email(email)
    if user is None:
        raise NotFound
    tx = Transaction()
    _set(tx, user, password)
    tx.commit()


def _set(tx: Transaction, user: User, password: str) -> None:
    store.set_password(tx, user, passwords.hash_password(password), Conflict(BUSY))
    service.end_all_sessions(tx, user.id)


def _reset_of(token: str) -> PasswordReset:
    try:
        said = tokens.verify_link(PURPOSE, token, "jti")
    except Unauthorized:
        raise _stale() from None
    reset = store.password_reset(said["sub"])
    if reset is None or not secrets.compare_digest(reset.nonce, said["jti"]):
        raise _stale()
    return reset


def _stale() -> InvalidRequest:
    return InvalidRequest.field("token", STALE)


@mail.writes(PURPOSE)
def write(tenant: str, payload: Mapping[str, Any]) -> mail.Message | None:
    """The mail with the newest link; None for nobody, and when it was used or is too old."""
    del tenant
    user, reset = store.user(payload["user_id"]), store.password_reset(payload["user_id"])
    if user is None or reset is None:
        return None
    token = tokens.issue_link(PURPOSE, user.id, int(reset.expires_at), jti=reset.nonce)
    return letter.message(
        letter.Letter(
            to=user.email,
            subject="Set a new password",
            greeting=f"Hello {user.name},",
            words="somebody asked for a new password for your Orbitra account. If it was you,"
            " choose one now; you will be signed out everywhere.",
            note="The link works once, for an hour. If you did not ask for it, do nothing: your"
            " password stays as it is.",
            link=letter.Link(
                action="Set a new password",
                page="/reset-password",
                call='POST /api/auth/password-reset/confirm, together with a "password"',
                token=token,
            ),
        )
    )
