"""API keys: ``ak_live_`` + 8-character id + 32-character secret + 6-character checksum.

The checksum is the base62 CRC32 of all before it, so a mistyped key is refused without a look at
the database, and secret scanners can tell a key from noise. Only the SHA-256 of the secret is kept.
"""

import hashlib
import hmac
import secrets
import string
import zlib
from dataclasses import dataclass, field

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
MODES = ("live", "test")
_LENGTH = len("ak_live_") + 8 + 32 + 6


@dataclass(frozen=True)
class PlaintextKey:
    """A key as its owner holds it; ``public_id`` is what may be shown."""

    mode: str
    public_id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole key."""
        body = f"ak_{self.mode}_{self.public_id}{self.secret}"
        return body + _checksum(body)

    @property
    def secret_hash(self) -> str:
        """What is stored of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def generate(mode: str) -> PlaintextKey:
    """A new key of this mode, ``live`` or ``test``."""
    return PlaintextKey(mode, _random(8), _random(32))


def parse(text: str) -> PlaintextKey | None:
    """The parts of a well-formed key; None for anything else."""
    mode = text[3:7]
    if len(text) != _LENGTH or not text.isascii() or text[:3] + text[7] != "ak__":
        return None
    if mode not in MODES or not hmac.compare_digest(_checksum(text[:-6]), text[-6:]):
        return None
    return PlaintextKey(mode, text[8:16], text[16:48])


def matches(key: PlaintextKey, stored_hash: str) -> bool:
    """Whether this is the key whose hash was stored, in constant time."""
    return hmac.compare_digest(key.secret_hash, stored_hash)


def _random(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def _checksum(body: str) -> str:
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = BASE62[digit] + text
    return text
