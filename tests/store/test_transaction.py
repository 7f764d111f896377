"""Transactions under races, throttling and lost answers."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ReadTimeoutError
from moto.core.responses import BaseResponse

from chalicelib.errors import Conflict, ServiceUnavailable
from chalicelib.store import claims, counters
from chalicelib.store.transaction import Transaction
from tests.client import Client

Reply = Any
Fault = Callable[[BaseResponse], Reply]


@contextmanager
def fault(fail: Fault, times: int = 1) -> Iterator[None]:
    """Let ``fail`` answer the next TransactWriteItems calls in DynamoDB's place."""
    left = [times]
    real = BaseResponse.call_action

    def call_action(response: BaseResponse) -> Reply:
        target = response.headers.get("X-Amz-Target") or ""
        if "TransactWriteItems" not in target or left[0] == 0:
            answered: Reply = real(response)
            return answered
        left[0] -= 1
        return fail(response)

    with patch.object(BaseResponse, "call_action", call_action):
        yield


def refusing(code: str, reasons: list[str] | None = None) -> Fault:
    """Nothing is written, and the answer says why."""
    body: dict[str, Any] = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}
    if reasons:
        body["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return lambda _: (400, {}, json.dumps(body).encode())


real_action = BaseResponse.call_action


def losing_the_answer(response: BaseResponse) -> Reply:
    """All is written, but the answer does not arrive."""
    real_action(response)
    raise ReadTimeoutError(endpoint_url="dynamodb")


def take(owner: str) -> str:
    tx = Transaction()
    claims.take(tx, "name", owner, Conflict("taken"))
    counters.add(tx, "live#w", "names", 1)
    tx.commit()
    return owner


def test_one_of_twenty_has_the_name() -> None:
    def attempt(number: int) -> str | None:
        try:
            return take(f"owner {number}")
        except Conflict:
            return None

    with ThreadPoolExecutor(20) as pool:
        winners = [one for one in pool.map(attempt, range(20)) if one]
    assert winners == [claims.owner("name")]
    assert counters.read("live#w", "names") == 1


def test_the_limit_of_a_counter_is_exact() -> None:
    def attempt(_: int) -> bool:
        tx = Transaction()
        counters.add(tx, "live#w", "keys", 1, most=10, full=Conflict("full"))
        try:
            tx.commit()
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(40))) == 10
    assert counters.read("live#w", "keys") == 10


@pytest.mark.parametrize(
    "fail",
    [
        refusing("TransactionCanceledException", ["TransactionConflict", "None"]),
        refusing("TransactionCanceledException", ["ThrottlingError", "None"]),
        refusing("ProvisionedThroughputExceededException"),
        refusing("InternalServerError"),
    ],
)
def test_passing_faults_are_tried_again(fail: Fault) -> None:
    with fault(fail, times=3):
        take("me")
    assert claims.owner("name") == "me"
    assert counters.read("live#w", "names") == 1


def test_a_lost_answer_is_recognised() -> None:
    with fault(losing_the_answer):
        take("me")
    assert claims.owner("name") == "me"
    assert counters.read("live#w", "names") == 1


def test_a_lost_answer_of_a_create(ada: Client) -> None:
    with fault(losing_the_answer):
        assert ada.post("/v1/projects", {"name": "x"}).status == 201
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 1


def test_anothers_name_is_not_taken_for_our_own() -> None:
    take("other")
    with fault(refusing("InternalServerError")), pytest.raises(Conflict):
        take("me")
    assert claims.owner("name") == "other"


def test_what_stays_busy_is_503_and_writes_nothing(ada: Client) -> None:
    busy = refusing("TransactionCanceledException", ["TransactionConflict"])
    with fault(busy, times=50):
        reply = ada.post("/v1/projects", {"name": "x"})
    assert reply.status == 503
    assert reply.headers["Retry-After"] == "1"
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 0
    with fault(busy, times=50), pytest.raises(ServiceUnavailable):
        take("me")


def test_nothing_after_a_failed_commit() -> None:
    take("other")
    done: list[str] = []
    tx = Transaction()
    claims.take(tx, "name", "me", Conflict("taken"))
    tx.after(lambda: done.append("sent"))
    with pytest.raises(Conflict):
        tx.commit()
    assert done == []
