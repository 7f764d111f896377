"""Faults of DynamoDB: a call fails before it is done, after it, or is refused."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ReadTimeoutError

from chalicelib.store.wire import Answer, Wire

Exchange = Callable[[], Answer]
Fault = Callable[[Exchange], Answer]


@contextmanager
def fault(fail: Fault, *, skip: int = 0, times: int = 1, operation: str = "") -> Iterator[None]:
    """Let ``fail`` answer the next calls of DynamoDB (of one operation), after ``skip`` of them."""
    seen = [0]
    real = Wire._exchange

    def exchange(wire: Wire, called: str, request: Any) -> Answer:
        if operation not in called:
            return real(wire, called, request)
        seen[0] += 1
        go_on = partial(real, wire, called, request)
        return fail(go_on) if skip < seen[0] <= skip + times else go_on()

    with patch.object(Wire, "_exchange", exchange):
        yield


def refusing(code: str, reasons: list[str] | None = None) -> Fault:
    """Nothing is written, and the answer says why."""
    body: dict[str, Any] = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}
    if reasons:
        body["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return lambda _: (400, json.dumps(body).encode(), {})


def before(_: Exchange) -> Answer:
    """The call does not arrive."""
    raise ReadTimeoutError(endpoint_url="dynamodb")


def after(exchange: Exchange) -> Answer:
    """All is done, but the answer does not arrive."""
    exchange()
    raise ReadTimeoutError(endpoint_url="dynamodb")
