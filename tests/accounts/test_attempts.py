"""Attempts are limited exactly, and alike for accounts that exist and that do not."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from time_machine import Traveller

from chalicelib import clock as our_clock
from chalicelib.accounts import attempts
from chalicelib.errors import TooManyRequests
from chalicelib.security import passwords
from chalicelib.settings import settings
from tests.client import Client, Reply

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _early_in_the_hour(clock: Traveller) -> None:
    clock.move_to(our_clock.now() // 3600 * 3600 + 60, tick=False)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """No argon2: twenty threads of it take seconds. What it was asked to compare."""
    seen: list[str | None] = []

    def compare(_: str, hashed: str | None) -> bool:
        seen.append(hashed)
        return False

    monkeypatch.setattr(passwords, "verify_password", compare)
    return seen


def login(client: Client, email: str, password: str = PASSWORD) -> Reply:
    return client.post("/api/auth/login", {"email": email, "password": password})


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_twenty_at_once_exactly_ten_pass(
    anyone: Client, ada: Client, quick: list[str | None], email: str
) -> None:
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: login(anyone, email, "wrong"), range(20)))
    assert Counter(reply.status for reply in replies) == {401: 10, 429: 10}
    assert len(quick) == 10  # who is refused costs no argon2


def test_refusals_tell_nothing_of_the_account(
    anyone: Client, ada: Client, quick: list[str | None]
) -> None:
    refused = []
    for email in ("ada@example.com", "nobody@example.com"):
        replies = [login(anyone, email, "wrong") for _ in range(11)]
        refused.append((replies[-1].status, replies[-1].text, replies[-1].headers["Retry-After"]))
    assert refused[0] == refused[1]
    assert refused[0][0] == 429


def test_a_success_resets_nothing_and_time_does(
    anyone: Client, ada: Client, clock: Traveller
) -> None:
    spellings = ["ada@example.com", "ADA@example.com"]
    statuses = [login(anyone, spellings[n % 2]).status for n in range(11)]
    assert statuses == [200] * 10 + [429]
    assert login(anyone, "ada@example.com").headers["Retry-After"] == str(900 - 60)
    clock.shift(900 - 61)
    assert login(anyone, "ada@example.com").headers["Retry-After"] == "1"
    clock.shift(1)
    assert login(anyone, "ada@example.com").status == 200


def test_one_account_limits_no_other(anyone: Client, quick: list[str | None]) -> None:
    for _ in range(11):
        login(anyone, "ada@example.com")
    assert login(anyone, "bob@example.com").status == 401


def test_one_address_tries_sixty_accounts(anyone: Client, quick: list[str | None]) -> None:
    statuses = [login(anyone, f"a{n}@example.com").status for n in range(61)]
    assert statuses == [401] * 60 + [429]


def test_an_exhausted_address_takes_nothing_from_the_account(
    anyone: Client, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, {"login_per_address": 1})
    assert [login(anyone, "ada@example.com").status for _ in range(15)] == [200] + [429] * 14
    _set(monkeypatch, {})
    assert login(anyone, "ada@example.com").status == 200


def _set(monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]) -> None:
    changed = settings().model_copy(update={"attempt_limits": limits})
    monkeypatch.setattr(attempts, "settings", lambda: changed)


def reset(client: Client, n: int) -> Reply:
    return client.post("/api/auth/password-reset", {"email": f"a{n}@example.com"})


def confirm(client: Client, n: int) -> Reply:
    body = {"token": f"x{n}", "password": PASSWORD}
    return client.post("/api/auth/password-reset/confirm", body)


def register(client: Client, n: int) -> Reply:
    body = {"email": f"a{n}@example.com", "password": PASSWORD, "name": "A"}
    return client.post("/api/auth/register", body)


@pytest.mark.parametrize(
    ("call", "most", "passes"), [(reset, 30, 202), (confirm, 30, 400), (register, 60, 201)]
)
def test_limits_of_an_address(
    anyone: Client,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[Client, int], Reply],
    most: int,
    passes: int,
) -> None:
    monkeypatch.setattr(passwords, "hash_password", lambda _: "hash")
    statuses = [call(anyone, n).status for n in range(most + 1)]
    assert statuses == [passes] * most + [429]


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_resets_of_an_account(anyone: Client, ada: Client, email: str) -> None:
    body = {"email": email}
    statuses = [anyone.post("/api/auth/password-reset", body).status for _ in range(6)]
    assert statuses == [202] * 5 + [429]


def test_resends_of_an_account(ada: Client) -> None:
    replies = [ada.post("/api/auth/verify-email/resend") for _ in range(6)]
    assert [reply.status for reply in replies] == [202] * 5 + [429]
    assert replies[-1].headers["Retry-After"] == str(3600 - 60)


def _allowed(address: str, name: Any = "login_per_address") -> bool:
    try:
        attempts.count(name, address)
    except TooManyRequests:
        return False
    return True


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_not_limited_in_the_local_run(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    assert all(_allowed(address) for _ in range(70))
    strict = settings().model_copy(update={"allow_loopback": False})
    monkeypatch.setattr(attempts, "settings", lambda: strict)
    assert [_allowed(address) for _ in range(61)] == [True] * 60 + [False]


def test_an_ipv6_caller_is_counted_by_its_network(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"login_per_address": 1})
    assert _allowed("2001:db8::1")
    assert not _allowed("2001:db8::ffff:2")
    assert _allowed("2001:db8:0:1::1")


def test_known_accounts_are_not_told_at_registration(anyone: Client, ada: Client) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "A"}
    assert anyone.post("/api/auth/register", body).json() == {
        "detail": "email: this address cannot be registered"
    }


def test_counts_do_not_stay(anyone: Client, quick: list[str | None]) -> None:
    from chalicelib.accounts.store import Attempts

    login(anyone, "ada@example.com")
    kept = list(Attempts.scan(Attempts.n.exists()))
    assert len(kept) == 2
    for item in kept:
        assert "ada" not in item.pk
        assert our_clock.now() < item.expires_at <= our_clock.now() + 900
