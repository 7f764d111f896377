"""Faults of DynamoDB: a call fails before it is done, after it, or is refused."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ReadTimeoutError
from moto.core.responses import BaseResponse

Fault = Callable[[BaseResponse], Any]

_real = BaseResponse.call_action


@contextmanager
def fault(fail: Fault, *, skip: int = 0, times: int = 1, operation: str = "") -> Iterator[None]:
    """Let ``fail`` answer the next calls of DynamoDB (of one operation), after ``skip`` of them."""
    seen = [0]
    real = BaseResponse.call_action

    def call_action(response: BaseResponse) -> Any:
        target = response.headers.get("X-Amz-Target") or ""
        if "DynamoDB" not in target or operation not in target:
            return real(response)
        seen[0] += 1
        return fail(response) if skip < seen[0] <= skip + times else real(response)

    with patch.object(BaseResponse, "call_action", call_action):
        yield


def refusing(code: str, reasons: list[str] | None = None) -> Fault:
    """Nothing is written, and the answer says why."""
    body: dict[str, Any] = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}
    if reasons:
        body["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return lambda _: (400, {}, json.dumps(body).encode())


def before(_: BaseResponse) -> Any:
    """The call does not arrive."""
    raise ReadTimeoutError(endpoint_url="dynamodb")


def after(response: BaseResponse) -> Any:
    """All is done, but the answer does not arrive."""
    _real(response)
    raise ReadTimeoutError(endpoint_url="dynamodb")
