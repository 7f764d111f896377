"""Encrypted JSON: what may be read only by its owner, and is short however it is spelled."""

import json
import zlib
from typing import Any

from . import encryption


def seal(tenant: str, owner: str, value: Any) -> bytes:
    """The value as JSON, compressed (control characters are six letters each) and encrypted."""
    plain = json.dumps(value, ensure_ascii=False).encode()
    return encryption.encrypt(tenant, owner, zlib.compress(plain))


def unseal(tenant: str, owner: str, sealed: bytes) -> Any:
    """The value that ``seal`` encrypted. Raises ``InvalidTag`` when it is another owner's."""
    return json.loads(zlib.decompress(encryption.decrypt(tenant, owner, sealed)))
