"""Passwords are hashed as RFC 9106 recommends."""

import argon2
import pytest

from chalicelib.security import passwords
from tests.conftest import CHEAP


@pytest.fixture(autouse=True)
def _dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production, not as in the other tests."""
    monkeypatch.setattr(passwords, "_hasher", argon2.PasswordHasher)
    passwords._nobodys_hash.cache_clear()


def test_the_parameters() -> None:
    found = argon2.extract_parameters(passwords.hash_password("correct horse battery"))
    assert found == argon2.profiles.RFC_9106_LOW_MEMORY


def test_right_and_wrong() -> None:
    hashed = passwords.hash_password("correct horse battery")
    assert passwords.verify_password("correct horse battery", hashed)
    assert not passwords.verify_password("Correct horse battery", hashed)
    assert not passwords.verify_password("correct horse battery", None)


def test_cheap_ones_are_outdated() -> None:
    assert passwords.is_outdated(CHEAP.hash("correct horse battery"))
