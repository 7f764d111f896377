"""Transactions under races, throttling and lost answers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.errors import Conflict, ServiceUnavailable
from chalicelib.store import claims, counters
from chalicelib.store.transaction import Transaction
from tests.client import Client
from tests.faults import Fault, after, fault, refusing

TRANSACT = "TransactWriteItems"


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
    with fault(fail, times=3, operation=TRANSACT):
        take("me")
    assert claims.owner("name") == "me"
    assert counters.read("live#w", "names") == 1


def test_a_lost_answer_is_recognised() -> None:
    with fault(after, operation=TRANSACT):
        take("me")
    assert claims.owner("name") == "me"
    assert counters.read("live#w", "names") == 1


def test_a_lost_answer_of_a_create(ada: Client) -> None:
    with fault(after, operation=TRANSACT):
        assert ada.post("/v1/projects", {"name": "x"}).status == 201
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 1


def test_anothers_name_is_not_taken_for_our_own() -> None:
    take("other")
    with fault(refusing("InternalServerError"), operation=TRANSACT), pytest.raises(Conflict):
        take("me")
    assert claims.owner("name") == "other"


def test_what_stays_busy_is_503_and_writes_nothing(ada: Client) -> None:
    busy = refusing("TransactionCanceledException", ["TransactionConflict"])
    with fault(busy, times=50, operation=TRANSACT):
        reply = ada.post("/v1/projects", {"name": "x"})
    assert reply.status == 503
    assert reply.headers["Retry-After"] == "1"
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 0
    with fault(busy, times=50, operation=TRANSACT), pytest.raises(ServiceUnavailable):
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
