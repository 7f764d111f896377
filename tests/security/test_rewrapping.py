"""A replaced KMS key: everything opens as before, and the old key may go."""

import pytest

from chalicelib import aws
from chalicelib.security import encryption, tokens
from chalicelib.security.encryption import DataKey
from chalicelib.security.rewrapping import rewrap
from chalicelib.settings import settings
from tests.client import Client


def test_all_is_under_the_new_key(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = encryption.encrypt("live#a", "x", b"secret")
    made = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    old, new = settings(), settings().model_copy(update={"kms_key_id": made})
    for module in ("encryption", "rewrapping"):
        monkeypatch.setattr(f"chalicelib.security.{module}.settings", lambda: new)
    before = {one.pk: one.wrapped for one in DataKey.scan(DataKey.sk.startswith("data-key#"))}
    assert rewrap() == len(before) + 1
    forget()
    aws.client("kms").disable_key(KeyId=old.kms_key_id)
    try:
        assert encryption.decrypt("live#a", "x", sealed) == b"secret"
        assert ada.get("/v1/users/me").status == 200
        assert rewrap() == len(before) + 1
    finally:
        aws.client("kms").enable_key(KeyId=old.kms_key_id)
    after = {one.pk: one.wrapped for one in DataKey.scan(DataKey.sk.startswith("data-key#"))}
    assert all(after[tenant] != before[tenant] for tenant in before)


def forget() -> None:
    """Let nothing be remembered from before."""
    encryption._cache.clear()
    tokens._secret.cache_clear()
