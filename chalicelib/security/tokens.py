"""Access tokens, refresh tokens and those of mailed links: JWTs, HS256, a secret that KMS seals.

The secret is made once an installation and kept sealed among the accounts; a process opens it when
it first needs it. The audience tells the two kinds of token apart, so that neither passes for the
other.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pynamodb.attributes import BinaryAttribute

from .. import clock
from ..errors import Conflict, Unauthorized
from ..store.items import Item, table
from ..store.transaction import Transaction
from . import encryption

ALGORITHM = "HS256"
ISSUER = "orbitra"
ACCESS, REFRESH = "orbitra-api", "orbitra-refresh"
LINK = "orbitra-link-"
ACCESS_SECONDS = 1800
REFRESH_SECONDS = 7 * 86_400


class SigningKey(Item):
    """What tokens are signed with, wrapped by KMS: one an installation."""

    class Meta:
        table_name = table("accounts")

    wrapped = BinaryAttribute(legacy_encoding=False)


@dataclass(frozen=True)
class Token:
    """Whom a token speaks for, its session, the personal workspace, and which of its pairs it is
    of."""

    user_id: str
    session_id: str
    workspace_id: str = ""
    generation: int = 0


def issue_access(user_id: str, session_id: str, workspace_id: str) -> str:
    """A token for the API, good for half an hour."""
    return _issue(ACCESS, ACCESS_SECONDS, user_id, {"sid": session_id, "wks": workspace_id})


def issue_refresh(user_id: str, session_id: str, generation: int) -> str:
    """A token that is exchanged for the next pair, once, within seven days."""
    return _issue(REFRESH, REFRESH_SECONDS, user_id, {"sid": session_id, "gen": generation})


def verify_access(text: str) -> Token:
    """What an access token says. Raises ``Unauthorized``: not ours, altered, expired."""
    claims = _verify(ACCESS, text, "sid", "wks")
    return Token(claims["sub"], claims["sid"], claims["wks"])


def verify_refresh(text: str) -> Token:
    """What a refresh token says. Raises ``Unauthorized``."""
    claims = _verify(REFRESH, text, "sid")
    return Token(claims["sub"], claims["sid"], generation=claims["gen"])


def issue_link(purpose: str, subject: str, expires_at: int, **claims: str) -> str:
    """A token for a mailed link of this purpose, good until then (seconds since the epoch)."""
    return _sign(LINK + purpose, subject, expires_at, claims)


def verify_link(purpose: str, text: str, *claims: str) -> dict[str, str]:
    """What the token of a mailed link says: ``sub`` and these claims. Raises ``Unauthorized``."""
    return _verify(LINK + purpose, text, *claims)


def _issue(audience: str, seconds: int, user_id: str, more: dict[str, Any]) -> str:
    return _sign(audience, user_id, clock.now() + seconds, more)


def _sign(audience: str, subject: str, expires_at: int, more: Mapping[str, Any]) -> str:
    import jwt

    claims = {"iss": ISSUER, "aud": audience, "sub": subject, "iat": clock.now(), "exp": expires_at}
    return jwt.encode({**claims, **more}, _secret(), algorithm=ALGORITHM)


def _verify(audience: str, text: str, *required: str) -> dict[str, Any]:
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            _secret(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=audience,
            options={"require": ["iss", "aud", "exp", "sub", *required]},
        )
    except jwt.PyJWTError:
        raise Unauthorized("Invalid or expired token") from None
    return claims


@cache
def _secret() -> str:
    found = SigningKey.find("signing-key", "1") or _make()
    return base64.b64encode(encryption.unseal(found.wrapped)).decode()


def _make() -> SigningKey:
    """Make the secret; when another process was faster, take its."""
    made = SigningKey("signing-key", "1", wrapped=encryption.seal(secrets.token_bytes(64)))
    tx = Transaction()
    tx.create(made)
    try:
        tx.commit()
    except Conflict:
        return SigningKey.get("signing-key", "1", consistent_read=True)
    return made
