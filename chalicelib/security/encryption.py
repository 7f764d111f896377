"""Secrets at rest: AES-256-GCM under a data key a workspace, which KMS wraps.

The associated data of a ciphertext is its owner: tenant, kind and id. A ciphertext that is copied
to another owner's item does not open.
"""

import secrets
import time

from pynamodb.attributes import BinaryAttribute

from .. import aws
from ..errors import Conflict
from ..settings import settings
from ..store.items import Item, table
from ..store.transaction import Transaction

NONCE_BYTES = 12
CACHED_SECONDS = 300
_VERSION = b"\x01"
_cache: dict[str, tuple[float, bytes]] = {}


class DataKey(Item):
    """The wrapped data key of a workspace: ``pk`` is the tenant, ``sk`` names the key."""

    class Meta:
        table_name = table("workspaces")

    wrapped = BinaryAttribute(legacy_encoding=False)


def encrypt(tenant: str, owner: str, plain: bytes) -> bytes:
    """The ciphertext of a tenant's secret; it opens only for the same tenant and owner."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_data_key(tenant)).encrypt(nonce, plain, _bound_to(tenant, owner))
    return _VERSION + nonce + sealed


def decrypt(tenant: str, owner: str, sealed: bytes) -> bytes:
    """The secret behind a ciphertext. Raises ``InvalidTag`` when it is another owner's."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    return AESGCM(_data_key(tenant)).decrypt(nonce, body, _bound_to(tenant, owner))


def prepare(tenant: str) -> None:
    """Make the tenant's data key now, so that its first secret need not wait for it."""
    _data_key(tenant)


def seal(plain: bytes) -> bytes:
    """A small secret of the installation itself, encrypted by KMS (≤ 4 KiB)."""
    key = settings().kms_key_id
    answer = aws.client("kms").encrypt(KeyId=key, Plaintext=plain, EncryptionContext=INSTALLATION)
    return bytes(answer["CiphertextBlob"])


def unseal(sealed: bytes) -> bytes:
    """The secret that ``seal`` encrypted."""
    answer = aws.client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext=INSTALLATION)
    return bytes(answer["Plaintext"])


INSTALLATION = {"orbitra": "installation"}


def _bound_to(tenant: str, owner: str) -> bytes:
    return f"{tenant}|{owner}".encode()


def _data_key(tenant: str) -> bytes:
    until, key = _cache.get(tenant, (0.0, b""))
    if time.monotonic() < until:
        return key
    key = _unwrap(tenant, DataKey.find(tenant, "data-key#1") or _make(tenant))
    _cache[tenant] = (time.monotonic() + CACHED_SECONDS, key)
    return key


def _unwrap(tenant: str, data_key: DataKey) -> bytes:
    answer = aws.client("kms").decrypt(
        CiphertextBlob=data_key.wrapped, EncryptionContext={"tenant": tenant}
    )
    return bytes(answer["Plaintext"])


def _make(tenant: str) -> DataKey:
    """Make the workspace's data key; when another process was faster, take its."""
    answer = aws.client("kms").generate_data_key_without_plaintext(
        KeyId=settings().kms_key_id, KeySpec="AES_256", EncryptionContext={"tenant": tenant}
    )
    made = DataKey(tenant, "data-key#1", wrapped=answer["CiphertextBlob"])
    tx = Transaction()
    tx.create(made)
    try:
        tx.commit()
    except Conflict:
        return DataKey.get(tenant, "data-key#1", consistent_read=True)
    return made
