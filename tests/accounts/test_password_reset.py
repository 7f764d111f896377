"""Forgotten passwords: the mailed link sets a new one, once."""

import json
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from time_machine import Traveller

from chalicelib.accounts import password_reset, service, store
from chalicelib.jobs import Job
from chalicelib.security import passwords, tokens
from tests.client import Client, Queue, Reply
from tests.mail import outbox

ADA = "ada@example.com"
OLD, NEW = "correct horse battery", "a better horse battery"
HOUR = 3600


def ask(client: Client, email: str = ADA) -> Reply:
    return client.post("/api/auth/password-reset", {"email": email})


def confirm(client: Client, token: str, password: str = NEW) -> Reply:
    body = {"token": token, "password": password}
    return client.post("/api/auth/password-reset/confirm", body)


def login(client: Client, password: str) -> Reply:
    return client.post("/api/auth/login", {"email": ADA, "password": password})


def mailed(queue: Queue) -> str:
    queue.run_to_the_end()
    return outbox.last(ADA).token


@pytest.fixture
def token(anyone: Client, ada: Client, queue: Queue) -> str:
    assert ask(anyone).status == 202
    return mailed(queue)


def test_the_link_sets_a_new_password(anyone: Client, token: str) -> None:
    mail = outbox.last(ADA)
    assert mail.subject == "Set a new password"
    assert f"http://localhost:8000/reset-password#token={token}" in mail.text
    done = confirm(anyone, token)
    assert (done.status, done.text) == (204, "")
    assert login(anyone, OLD).status == 401
    assert login(anyone, NEW).status == 200


def test_it_ends_every_session(anyone: Client, ada: Client, bob: Client, token: str) -> None:
    pair = login(anyone, OLD).json()
    other = anyone.bearer(pair["access_token"])
    assert confirm(anyone, token).status == 204
    assert [one.get("/v1/users/me").status for one in (ada, other, bob)] == [401, 401, 200]
    refreshed = anyone.post("/api/auth/refresh", {"refresh_token": pair["refresh_token"]})
    assert refreshed.status == 401
    assert (
        anyone.bearer(login(anyone, NEW).json()["access_token"]).get("/v1/users/me").status == 200
    )


def test_it_ends_more_sessions_than_a_transaction_holds(
    anyone: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = store.user_by_email(ADA)
    assert user
    made = [store.Session.new(user, 1000) for _ in range(120)]
    with store.Session.batch_write() as batch:
        for session in made:
            batch.save(session)
    assert confirm(anyone, token).status == 204
    assert store.open_sessions(user.id) == []


def test_a_sign_in_at_that_moment_is_not_left_open(
    anyone: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def end_all(tx: Any, user_id: str) -> None:
        ended(tx, user_id)
        opened.append(login(anyone, OLD).json()["access_token"])

    ended = service.end_all_sessions
    with monkeypatch.context() as patched:
        patched.setattr(service, "end_all_sessions", end_all)
        assert confirm(anyone, token).status == 409
    assert confirm(anyone, token).status == 204
    assert anyone.bearer(opened[0]).get("/v1/users/me").status == 401


def test_a_sign_in_with_the_old_password_loses_the_race(
    anyone: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = passwords.verify_password

    def slow(password: str, hashed: str | None) -> bool:
        right = verify(password, hashed)
        assert confirm(anyone, token).status == 204
        return right

    monkeypatch.setattr(passwords, "verify_password", slow)
    assert login(anyone, OLD).status == 401


def test_it_verifies_the_address(anyone: Client, token: str) -> None:
    assert confirm(anyone, token).status == 204
    signed_in = login(anyone, NEW).json()
    assert signed_in["user"]["email_verified"] is True


def test_once_only(anyone: Client, token: str) -> None:
    assert confirm(anyone, token).status == 204
    again = confirm(anyone, token, "yet another battery")
    assert again.status == 400
    assert again.json()["detail"].startswith("token: ")
    assert login(anyone, NEW).status == 200


def test_two_at_once(anyone: Client, token: str) -> None:
    chosen = [f"horse battery number {n}" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda password: confirm(anyone, token, password), chosen))
    assert Counter(reply.status for reply in replies) == {204: 1, 400: 5}
    winner = next(n for n, reply in enumerate(replies) if reply.status == 204)
    assert [login(anyone, password).status for password in chosen] == [
        200 if n == winner else 401 for n in range(6)
    ]


def test_two_that_have_both_read_the_link(
    anyone: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the condition at the commit, both would set a password."""
    hash_password = passwords.hash_password

    def slow(password: str) -> str:
        if password == NEW:
            assert confirm(anyone, token, "the faster battery").status == 204
        return hash_password(password)

    monkeypatch.setattr(passwords, "hash_password", slow)
    assert confirm(anyone, token).status == 400
    assert login(anyone, "the faster battery").status == 200


def test_the_newest_link_wins(anyone: Client, token: str, queue: Queue) -> None:
    ask(anyone)
    newest = mailed(queue)
    assert confirm(anyone, token).status == 400
    assert confirm(anyone, newest).status == 204


def test_a_repeated_mail_holds_the_same_link(anyone: Client, ada: Client, queue: Queue) -> None:
    queue.run_to_the_end()
    ask(anyone)
    (job,) = (one for one in Job.scan() if one.payload["purpose"] == "password-reset")
    written = [password_reset.write(job.tenant, job.payload) for _ in range(2)]
    jtis = {
        jwt.decode(token_in(one), options={"verify_signature": False})["jti"] for one in written
    }
    assert len(jtis) == 1


def token_in(message: Any) -> str:
    return next(str(line) for line in message.text.splitlines() if line.startswith("eyJ"))


def test_the_link_lasts_an_hour(anyone: Client, token: str, clock: Traveller) -> None:
    clock.shift(HOUR + 5)
    assert confirm(anyone, token).status == 400
    assert login(anyone, OLD).status == 200


def test_the_link_is_good_until_then(anyone: Client, token: str, clock: Traveller) -> None:
    clock.shift(HOUR - 60)
    assert confirm(anyone, token).status == 204


def test_a_mail_that_comes_too_late_is_not_sent(
    anyone: Client, ada: Client, queue: Queue, clock: Traveller
) -> None:
    queue.run_to_the_end()
    ask(anyone)
    clock.shift(HOUR + 5)
    queue.run_to_the_end()
    assert [mail.subject for mail in outbox.sent()] == ["Verify your e-mail address"]


@pytest.mark.parametrize("email", ["nobody@example.com", "", "no address", "é" * 254])
def test_unknown_addresses_are_answered_alike(
    anyone: Client, ada: Client, queue: Queue, email: str
) -> None:
    queue.run_to_the_end()
    known, unknown = ask(anyone), ask(anyone, email)
    assert (known.status, known.text) == (unknown.status, unknown.text) == (202, known.text)
    queue.run_to_the_end()
    assert [mail.to for mail in outbox.sent()] == [ADA, ADA]


def test_unknown_addresses_cost_the_same(
    anyone: Client, ada: Client, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same DynamoDB operations, in the same order, and as many messages."""
    from chalicelib.store.wire import Wire

    queue.run_to_the_end()
    seen: list[str] = []
    send = Wire._make_api_call

    def watched(self: Wire, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        seen.append(f"{operation} {len(parameters.get('TransactItems', []))}")
        return send(self, operation, parameters)

    monkeypatch.setattr(Wire, "_make_api_call", watched)
    monkeypatch.setattr(passwords, "hash_password", None)
    costs = []
    for email in (ADA, "nobody@example.com"):
        seen.clear()
        ask(anyone, email)
        costs.append(([*seen], len(queue.receive())))
    assert costs[0] == costs[1]


def test_sign_in_costs_the_same(
    anyone: Client, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.store.wire import Wire

    seen: list[str] = []
    send = Wire._make_api_call

    def watched(self: Wire, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        seen.append(operation)
        return send(self, operation, parameters)

    monkeypatch.setattr(Wire, "_make_api_call", watched)
    costs = []
    for email in (ADA, "nobody@example.com"):
        seen.clear()
        body = {"email": email, "password": "wrong"}
        assert anyone.post("/api/auth/login", body).status == 401
        costs.append([*seen])
    assert costs[0] == costs[1]


@pytest.mark.parametrize("password", ["123456789", "", "x" * 1001])
def test_bad_passwords_leave_the_link_good(anyone: Client, token: str, password: str) -> None:
    reply = confirm(anyone, token, password)
    assert reply.status == 400
    assert reply.json()["detail"].startswith("password: ")
    assert confirm(anyone, token).status == 204


@pytest.mark.parametrize(
    "changes", [{"aud": "orbitra-api"}, {"aud": "orbitra-link-verify-email"}, {"jti": "other"}]
)
def test_altered_tokens(anyone: Client, token: str, changes: dict[str, str]) -> None:
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    signed = jwt.encode(claims, tokens._secret(), algorithm="HS256")
    assert confirm(anyone, signed).status == 400
    assert login(anyone, OLD).status == 200


def test_no_secret_in_the_queue_the_job_or_the_log(
    anyone: Client, ada: Client, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chalicelib")
    queue.run_to_the_end()
    ask(anyone)
    waiting = queue.receive()
    for message in waiting:
        queue.deliver(message)
    token = outbox.last(ADA).token
    nonce = jwt.decode(token, options={"verify_signature": False})["jti"]
    assert confirm(anyone, token).status == 204
    jobs = json.dumps([one.serialize() for one in Job.scan()])
    for place in (json.dumps(waiting), jobs, caplog.text):
        assert not any(secret in place for secret in (token, nonce, NEW, OLD))


def test_hashes_of_other_parameters_are_renewed_at_sign_in(anyone: Client, ada: Client) -> None:
    from argon2 import PasswordHasher

    user = store.user_by_email(ADA)
    assert user
    weak = PasswordHasher(time_cost=1, memory_cost=64).hash(OLD)
    user.update(actions=[store.User.password_hash.set(weak)])
    assert login(anyone, "wrong").status == 401
    assert _hash() == weak
    assert login(anyone, OLD).status == 200
    renewed = _hash()
    assert renewed != weak
    assert renewed.startswith("$argon2id$")
    assert not passwords.is_outdated(renewed)
    assert login(anyone, OLD).status == 200
    assert _hash() == renewed


def _hash() -> str:
    user = store.user_by_email(ADA)
    assert user
    return str(user.password_hash)
