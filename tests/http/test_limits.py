"""The rate-limit headers of every kind of response, and the limit of strangers."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from time_machine import Traveller

from tests.client import Client, Reply

START = 1_800_000_000  # the beginning of an hour


def told(reply: Reply) -> tuple[int, int, int]:
    names = ("Limit", "Remaining", "Reset")
    limit, remaining, reset = (int(reply.headers[f"X-RateLimit-{name}"]) for name in names)
    return limit, remaining, reset


def states(reply: Reply) -> dict[str, tuple[int, int, int, int]]:
    """Per policy: q, w, r, t."""
    quotas = re.findall(r'"([\w-]+)";q=(\d+);w=(\d+)', reply.headers["RateLimit-Policy"])
    rests = re.findall(r'"([\w-]+)";r=(\d+);t=(\d+)', reply.headers["RateLimit"])
    assert [one[0] for one in quotas] == [one[0] for one in rests]
    return {
        name: (int(q), int(w), int(r), int(t))
        for (name, q, w), (_, r, t) in zip(quotas, rests, strict=True)
    }


def test_every_header_is_true_at_every_step(ada: Client, clock: Traveller) -> None:
    key = ada.key("read")
    clock.move_to(START + 10, tick=False)
    for number in range(1, 5):
        clock.shift(1)
        reply = key.get("/v1/users/me")
        assert told(reply) == (1000, 1000 - number, START + 3600)
        assert states(reply) == {
            "hour": (1000, 3600, 1000 - number, 3590 - number),
            "ten-minutes": (600, 600, 600 - number, 590 - number),
            "minute": (120, 60, 120 - number, 61 - number),
        }


def test_of_150_calls_at_once_120_pass_and_the_neighbour_all(ada: Client, bob: Client) -> None:
    key = ada.key("read")

    def call(number: int) -> list[Reply]:
        mine = key.get("/v1/users/me")
        return [mine, bob.get("/v1/users/me")] if number % 5 == 0 else [mine]

    with ThreadPoolExecutor(30) as pool:
        replies = list(pool.map(call, range(150)))
    assert sorted(one[0].status for one in replies) == [200] * 120 + [429] * 30
    assert {one[1].status for one in replies if len(one) > 1} == {200}
    refused = next(one[0] for one in replies if one[0].status == 429)
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert told(refused)[:2] == (120, 0)
    assert states(refused)["minute"][2] == 0


KINDS = [
    ("GET", "/v1/projects", 200),
    ("POST", "/v1/projects", 400),
    ("GET", "/v1/projects/x", 404),
    ("GET", "/v1/nothing", 404),
    ("DELETE", "/v1/projects", 405),
    ("HEAD", "/v1/projects", 200),
    ("OPTIONS", "/v1/projects", 204),
    ("GET", "/api/account/nothing", 404),
    ("GET", "/api/v1/projects", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/verify-email", 200),
    ("GET", "/v1/health", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), KINDS)
@pytest.mark.parametrize("known", [True, False])
def test_every_kind_of_response_has_them(
    ada: Client, anyone: Client, method: str, path: str, status: int, known: bool
) -> None:
    reply = (ada if known else anyone).call(method, path)
    guarded = path in {"/v1/projects", "/v1/projects/x", "/api/v1/projects"}
    unknown = guarded and not known and method not in {"DELETE", "OPTIONS"}
    assert reply.status == (401 if unknown else status)
    assert told(reply)
    assert states(reply)
    assert reply.headers["X-Request-Id"].startswith("req_")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"


def test_strangers_have_sixty_a_minute(anyone: Client, ada: Client, clock: Traveller) -> None:
    key = ada.key("read")
    clock.move_to(START, tick=False)
    replies = [anyone.bearer(f"nonsense{n}").get("/v1/projects") for n in range(61)]
    assert [one.status for one in replies] == [401] * 60 + [429]
    assert told(replies[0]) == (60, 59, START + 60)
    assert told(replies[60]) == (60, 0, START + 60)
    assert replies[60].headers["Retry-After"] == "60"
    assert anyone.post("/api/auth/login", {}).status == 429
    assert key.get("/v1/users/me").status == 200
    assert anyone.get("/v1/health").status == 200
    assert anyone.get("/v1/nothing").status == 404
    clock.shift(60)
    assert anyone.get("/v1/projects").status == 401


def test_a_refused_caller_costs_no_call_of_the_store(ada: Client) -> None:
    from chalicelib.store import wire

    key = ada.key("read")
    while key.get("/v1/users/me").status == 200:
        pass
    assert key.get("/v1/users/me").status == 429
    assert wire.calls.get() == 0


def test_a_list_is_three_round_trips(ada: Client) -> None:
    """Admission, the count and the page."""
    from chalicelib.store import wire

    key = ada.key("read")
    key.get("/v1/projects")
    key.get("/v1/projects")
    assert wire.calls.get() == 3
