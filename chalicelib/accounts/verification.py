"""Verified addresses: a mailed link shows that mail to the address reaches the account's owner."""

from collections.abc import Mapping
from typing import Any

from .. import clock
from ..errors import InvalidRequest, Unauthorized
from ..http.call import Call
from ..mail import letter
from ..mail import service as mail
from ..security import tokens
from ..store.transaction import Transaction
from . import attempts, store
from .store import User

PURPOSE = "verify-email"
SECONDS = 24 * 3600
STALE = "is not valid, or not any more; ask for a new link at POST /api/auth/verify-email/resend"


def send(tx: Transaction, user: User) -> None:
    """Mail the link once the transaction is committed."""
    mail.send_later(tx, f"live#{user.workspace_id}", PURPOSE, {"user_id": user.id})


def resend(call: Call, user: User) -> None:
    """Mail the link once more; nothing is mailed when the address is verified."""
    attempts.count("resend_per_account", user.email)
    send(call.tx, user)


def verify(call: Call, token: str) -> User:
    """Verify the address that the token was mailed to; once more changes nothing.

    Raises ``InvalidRequest`` when the token is not good for this.
    """
    user = _user_of(token)
    if not user.email_verified:
        store.verify_email(call.tx, user)
        user.email_verified_at = clock.now_ms()
    return user


def _user_of(token: str) -> User:
    try:
        said = tokens.verify_link(PURPOSE, token, "email")
    except Unauthorized:
        raise InvalidRequest.field("token", STALE) from None
    user = store.user(said["sub"])
    if user is None or user.email != said["email"]:
        raise InvalidRequest.field("token", STALE)
    return user


@mail.writes(PURPOSE)
def write(tenant: str, ids: Mapping[str, Any]) -> mail.Message | None:
    """The mail with the link; None when the address is verified or the user is gone."""
    del tenant
    user = store.user(ids["user_id"])
    if user is None or user.email_verified:
        return None
    expires_at = clock.now() + SECONDS
    return letter.message(
        letter.Letter(
            to=user.email,
            subject="Verify your e-mail address",
            greeting=f"Hello {user.name},",
            words="please verify that this is your e-mail address, so that your Orbitra account"
            " can use it.",
            note="The link is good for 24 hours. If you did not make an account, do nothing.",
            link=letter.Link(
                action="Verify my address",
                page="/verify-email",
                call="POST /api/auth/verify-email",
                token=tokens.issue_link(PURPOSE, user.id, expires_at, email=user.email),
            ),
        )
    )
