"""The signatures of what is sent, as seed 000 shows and by the Standard Webhooks specification.

See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def generate() -> str:
    """A new secret: ``whsec_`` and the base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def plain(secret: str, body: bytes) -> str:
    """The hex HMAC-SHA256 of the raw body, keyed with the secret as its owner holds it."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard(held: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,…`` for each secret: the HMAC-SHA256 of id, time (epoch seconds) and body."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_base64_hmac(secret, signed)}" for secret in held)


def _base64_hmac(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
