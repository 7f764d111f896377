"""Secrets at rest open for their owner only."""

import pytest
from cryptography.exceptions import InvalidTag

from chalicelib.security import encryption
from chalicelib.security.encryption import decrypt, encrypt


def test_round_trip() -> None:
    sealed = encrypt("live#a", "variables svc_1", "gehäim".encode())
    assert b"geh" not in sealed
    assert decrypt("live#a", "variables svc_1", sealed) == "gehäim".encode()


def test_it_opens_in_another_process() -> None:
    sealed = encrypt("live#a", "x", b"secret")
    encryption._cache.clear()
    assert decrypt("live#a", "x", sealed) == b"secret"


@pytest.mark.parametrize(
    ("tenant", "owner"), [("live#a", "variables svc_2"), ("live#b", "variables svc_1")]
)
def test_another_owner_cannot_open_it(tenant: str, owner: str) -> None:
    sealed = encrypt("live#a", "variables svc_1", b"secret")
    with pytest.raises(InvalidTag):
        decrypt(tenant, owner, sealed)


def test_altered() -> None:
    sealed = encrypt("live#a", "x", b"secret")
    with pytest.raises(InvalidTag):
        decrypt("live#a", "x", sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_no_two_are_alike() -> None:
    assert encrypt("live#a", "x", b"secret") != encrypt("live#a", "x", b"secret")
