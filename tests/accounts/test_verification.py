"""Verified addresses: the mailed link, end to end."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from time_machine import Traveller

from chalicelib.jobs import Job
from chalicelib.security import tokens
from tests.client import Client, Queue, Reply
from tests.mail import outbox

DAY = 24 * 3600


def is_verified(client: Client) -> bool:
    found: bool = client.get("/v1/users/me").json()["email_verified"]
    return found


def verify(client: Client, token: str) -> Reply:
    return client.post("/api/auth/verify-email", {"token": token})


@pytest.fixture
def token(ada: Client, queue: Queue) -> str:
    queue.run_to_the_end()
    return outbox.last("ada@example.com").token


def test_registration_mails_a_link(ada: Client, queue: Queue) -> None:
    queue.run_to_the_end()
    (mail,) = outbox.sent()
    assert (mail.to, mail.subject) == ("ada@example.com", "Verify your e-mail address")
    link = f"http://localhost:8000/verify-email#token={mail.token}"
    assert link in mail.text
    assert link in mail.html
    assert not is_verified(ada)


def test_the_link_verifies_and_once_more_changes_nothing(
    anyone: Client, ada: Client, token: str
) -> None:
    first = verify(anyone, token)
    assert first.status == 200
    assert first.json() == {"email": "ada@example.com", "email_verified": True}
    me = ada.get("/v1/users/me").json()
    assert me["email_verified"] is True
    again = verify(anyone, token)
    assert (again.status, again.json()) == (200, first.json())
    assert ada.get("/v1/users/me").json() == me


def test_two_at_once(anyone: Client, ada: Client, token: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: verify(anyone, token).status, range(4)))
    assert replies == [200] * 4
    assert is_verified(ada)


def test_a_refused_registration_mails_nothing(anyone: Client, ada: Client, queue: Queue) -> None:
    queue.run_to_the_end()
    body = {"email": "ada@example.com", "password": "another horse battery", "name": "Eve"}
    assert anyone.post("/api/auth/register", body).status == 409
    queue.run_to_the_end()
    assert len(outbox.sent()) == 1


def test_the_link_lasts_a_day(anyone: Client, ada: Client, token: str, clock: Traveller) -> None:
    clock.shift(DAY - 20)
    assert verify(anyone, token).status == 200
    clock.shift(40)
    assert verify(anyone, token).status == 400


def forged(token: str, **changes: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    return jwt.encode(claims, tokens._secret(), algorithm="HS256")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "orbitra-api"},
        {"aud": "orbitra-link-password-reset"},
        {"iss": "other"},
        {"email": "eve@example.com"},
        {"sub": "usr_01m7y0fppje0y9thwrqb1ygz38"},
    ],
)
def test_tokens_of_another_kind_or_address(
    anyone: Client, ada: Client, token: str, changes: dict[str, str]
) -> None:
    assert verify(anyone, forged(token)).status == 200
    assert verify(anyone, forged(token, **changes)).status == 400


@pytest.mark.parametrize("text", ["x", "a.b.c", " ", "é"])
def test_what_is_no_token(anyone: Client, text: str) -> None:
    reply = verify(anyone, text)
    assert reply.status == 400
    assert reply.json()["detail"].startswith("token: is not valid")


def test_tokens_do_not_pass_for_each_other(anyone: Client, ada: Client, token: str) -> None:
    access = ada.headers["Authorization"].removeprefix("Bearer ")
    assert verify(anyone, access).status == 400
    assert anyone.bearer(token).get("/v1/users/me").status == 401
    assert anyone.post("/api/auth/refresh", {"refresh_token": token}).status == 401
    body = {"token": token, "password": "another horse battery"}
    assert anyone.post("/api/auth/password-reset/confirm", body).status == 400


def test_resend(anyone: Client, ada: Client, token: str, queue: Queue) -> None:
    reply = ada.post("/api/auth/verify-email/resend")
    assert (reply.status, reply.json()) == (202, {"status": "accepted"})
    queue.run_to_the_end()
    assert len(outbox.sent()) == 2
    assert verify(anyone, outbox.last("ada@example.com").token).status == 200
    assert ada.post("/api/auth/verify-email/resend").status == 202
    queue.run_to_the_end()
    assert len(outbox.sent()) == 2


def test_the_address_cannot_be_verified_by_editing_the_profile(ada: Client) -> None:
    assert ada.put("/v1/users/me", {"name": "Ada", "email_verified": True}).status == 200
    assert not is_verified(ada)


@pytest.mark.parametrize("name", ['<img src=x onerror="a()">', "{{ 7 * 7 }}"])
def test_names_are_escaped(anyone: Client, queue: Queue, name: str) -> None:
    body = {"email": "eve@example.com", "password": "correct horse battery", "name": name}
    assert anyone.post("/api/auth/register", body).status == 201
    queue.run_to_the_end()
    mail = outbox.last("eve@example.com")
    assert f"Hello {name}," in mail.text
    assert "<img" not in mail.html
    assert "49" not in mail.html.partition("#token")[0]


def test_no_secret_in_the_queue_the_job_or_the_log(
    ada: Client, anyone: Client, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chalicelib")
    waiting = queue.receive()
    (job,) = Job.scan(Job.kind == "mail.send")
    assert set(job.payload) == {"purpose", "user_id"}
    for message in waiting:
        queue.deliver(message)
    token = outbox.last("ada@example.com").token
    assert verify(anyone, token).status == 200
    kept = json.dumps([one.serialize() for one in Job.scan()])
    for place in (json.dumps(waiting), kept, caplog.text):
        assert token not in place
        assert "eyJ" not in place


def test_addresses_that_mail_cannot_reach(anyone: Client) -> None:
    body = {"email": "jörg@example.com", "password": "correct horse battery", "name": "Jörg"}
    reply = anyone.post("/api/auth/register", body)
    assert reply.status == 400
    assert reply.json()["detail"].startswith("email: ")


def test_domains_in_other_letters(anyone: Client, queue: Queue) -> None:
    body = {"email": "joerg@bücher.example.com", "password": "correct horse battery", "name": "J"}
    assert anyone.post("/api/auth/register", body).status == 201
    queue.run_to_the_end()
    assert outbox.sent()[-1].to == "joerg@xn--bcher-kva.example.com"
