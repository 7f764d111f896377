"""Registration, sign-in, refresh, logout."""

import base64
import json

import jwt
import pytest
from time_machine import Traveller

from chalicelib.security import tokens
from tests.client import Client

ADA = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}


def test_register(anyone: Client) -> None:
    made = anyone.post("/api/auth/register", ADA)
    assert made.status == 201
    body = made.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 1800
    assert body["user"]["email"] == ADA["email"]
    assert "password" not in made.text
    assert anyone.bearer(body["access_token"]).get("/v1/projects").status == 200


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", "Ada@EXAMPLE.com"])
def test_an_address_is_registered_once(anyone: Client, ada: Client, email: str) -> None:
    assert anyone.post("/api/auth/register", {**ADA, "email": email}).status == 409


@pytest.mark.parametrize(
    "change",
    [{"email": "ada"}, {"email": "a@b"}, {"password": "123456789"}, {"name": ""}, {"name": None}],
)
def test_bad_registrations(anyone: Client, change: dict[str, str]) -> None:
    reply = anyone.post("/api/auth/register", {**ADA, **change})
    assert reply.status == 400
    assert next(iter(change)) in reply.json()["detail"]
    assert "123456789" not in reply.text


def test_login(anyone: Client, ada: Client) -> None:
    good = {"email": "ADA@example.com", "password": ADA["password"]}
    assert anyone.post("/api/auth/login", good).status == 200
    wrong = anyone.post("/api/auth/login", {**good, "password": "wrong"})
    nobody = anyone.post("/api/auth/login", {**good, "email": "nobody@example.com"})
    assert (wrong.status, wrong.text) == (nobody.status, nobody.text) == (401, wrong.text)


def test_refresh_works_once_and_reuse_ends_the_session(anyone: Client) -> None:
    first = anyone.post("/api/auth/register", ADA).json()
    second = anyone.post("/api/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert second.status == 200
    assert anyone.bearer(second.json()["access_token"]).get("/v1/users/me").status == 200
    again = anyone.post("/api/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert again.status == 401
    newest = {"refresh_token": second.json()["refresh_token"]}
    assert anyone.post("/api/auth/refresh", newest).status == 401
    assert anyone.bearer(second.json()["access_token"]).get("/v1/users/me").status == 401


def test_logout(anyone: Client, ada: Client) -> None:
    assert ada.post("/api/auth/logout").status == 204
    assert ada.get("/v1/users/me").status == 401


def test_access_tokens_last_half_an_hour(ada: Client, clock: Traveller) -> None:
    clock.shift(1790)
    assert ada.get("/v1/users/me").status == 200
    clock.shift(20)
    assert ada.get("/v1/users/me").status == 401


def test_refresh_tokens_are_no_access_tokens(anyone: Client) -> None:
    pair = anyone.post("/api/auth/register", ADA).json()
    assert anyone.bearer(pair["refresh_token"]).get("/v1/users/me").status == 401
    swapped = {"refresh_token": pair["access_token"]}
    assert anyone.post("/api/auth/refresh", swapped).status == 401


@pytest.mark.parametrize(
    "forged", [{"aud": "other"}, {"iss": "other"}, {"exp": 1}, {"sub": "usr_x"}, {"wks": "wks_x"}]
)
def test_altered_claims(ada: Client, forged: dict[str, str]) -> None:
    text = ada.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(text, options={"verify_signature": False})
    signed = jwt.encode(claims | forged, tokens._secret(), algorithm="HS256")
    assert ada.bearer(signed).get("/v1/users/me").status == 401


def test_unsigned_and_wrongly_signed(ada: Client) -> None:
    text = ada.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(text, options={"verify_signature": False})
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    body = text.split(".")[1]
    for forged in (
        f"{header.decode().rstrip('=')}.{body}.",
        jwt.encode(claims, "x" * 64, algorithm="HS256"),
        jwt.encode(claims, tokens._secret(), algorithm="HS512"),
    ):
        assert ada.bearer(forged).get("/v1/users/me").status == 401
