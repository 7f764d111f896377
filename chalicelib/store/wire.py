"""The way to DynamoDB: one signed HTTPS request a call, and JSON both ways.

It stands where PynamoDB expects botocore's client. That client builds, checks and parses every
call along DynamoDB's service model, which costs more CPU than all the rest of a request; the
protocol itself is small. Credentials, signing and errors are botocore's own, and so is the event
``before-send``, by which the local run and the tests answer in AWS's place.
See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html.
"""

import base64
import json
import os
import random
import time
import zlib
from contextvars import ContextVar
from functools import cache
from types import SimpleNamespace
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from .. import aws
from ..settings import settings

ATTEMPTS = 3
BACKOFF_SECONDS = 0.05
CONNECT_SECONDS, READ_SECONDS = 2, 10
CONNECTIONS = 32

calls: ContextVar[int] = ContextVar("dynamodb_calls", default=0)

Answer = tuple[int, bytes, Any]


class Wire:
    """Sends DynamoDB operations; PynamoDB calls ``_make_api_call`` and looks at the attributes."""

    def __init__(self, region: str) -> None:
        self.url = (os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or _endpoint(region)).rstrip("/")
        self.meta = SimpleNamespace(endpoint_url=self.url)
        self._request_signer = None
        self._region = region

    def _make_api_call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer of an operation. Raises ``ClientError``, or ``BotoCoreError`` without one.

        Tried three times while DynamoDB is throttled, in trouble or not to be reached.
        """
        calls.set(calls.get() + 1)
        body = json.dumps(parameters, default=_base64, separators=(",", ":")).encode()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._call(operation, body)
            except (BotoCoreError, ClientError) as error:
                if attempt == ATTEMPTS or not aws.is_passing(error):
                    raise
                time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 (jitter)
        raise AssertionError("the loop above returns or raises")

    def _call(self, operation: str, body: bytes) -> dict[str, Any]:
        request = self._signed(operation, body)
        status, content, headers = self._exchange(operation, request)
        checksum = headers.get("x-amz-crc32")
        if checksum and int(checksum) != zlib.crc32(content):
            raise ReadTimeoutError(endpoint_url=self.url)
        answer = _parsed(content)
        if status == 200:
            return answer
        raise _error(operation, status, answer, headers)

    def _exchange(self, operation: str, request: AWSRequest) -> Answer:
        return self._intercepted(operation, request) or self._send(request)

    def _signed(self, operation: str, body: bytes) -> AWSRequest:
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        }
        request = AWSRequest("POST", self.url + "/", headers=headers, data=body)
        credentials = aws.session().get_credentials().get_frozen_credentials()
        SigV4Auth(credentials, "dynamodb", self._region).add_auth(request)
        return request

    def _intercepted(self, operation: str, request: AWSRequest) -> Answer | None:
        """The answer of a handler of ``before-send``: none but in the local run and in tests."""
        event = f"before-send.dynamodb.{operation}"
        emitter = aws.session().get_component("event_emitter")
        answers = emitter.emit(event, request=request.prepare())
        found = next((answer for _, answer in answers if answer is not None), None)
        return (found.status_code, found.content, found.headers) if found else None

    def _send(self, request: AWSRequest) -> Answer:
        from urllib3 import exceptions

        try:
            answer = _pool(self.url).urlopen(
                "POST", "/", body=request.data, headers=dict(request.headers), retries=False
            )
        except exceptions.TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self.url) from error
        except exceptions.HTTPError as error:
            raise EndpointConnectionError(endpoint_url=self.url) from error
        return answer.status, answer.data, answer.headers


@cache
def wire() -> Any:
    """The one ``Wire`` of this process, which PynamoDB takes for botocore's client."""
    return Wire(settings().region)


@cache
def _pool(url: str) -> Any:
    """Connections that are kept open; certificates are checked against botocore's authorities."""
    import urllib3
    from botocore.httpsession import where

    parsed = urllib3.util.parse_url(url)
    host, port = parsed.host or "", parsed.port
    made: dict[str, Any] = {
        "maxsize": CONNECTIONS,
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
    }
    if parsed.scheme == "http":
        return urllib3.HTTPConnectionPool(host, port, **made)
    authorities = os.environ.get("AWS_CA_BUNDLE") or where()
    return urllib3.HTTPSConnectionPool(host, port, ca_certs=authorities, **made)


def _endpoint(region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://dynamodb.{region}.{suffix}"


def _base64(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _parsed(content: bytes) -> dict[str, Any]:
    """DynamoDB's JSON, with binary values as bytes."""
    hook = _with_bytes if b'"B"' in content else None
    answer: dict[str, Any] = json.loads(content or b"{}", object_hook=hook)
    return answer


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    encoded = value.get("B")
    if len(value) == 1 and isinstance(encoded, str):
        return {"B": base64.b64decode(encoded)}
    return value


def _error(operation: str, status: int, answer: dict[str, Any], headers: Any) -> ClientError:
    code = str(answer.pop("__type", status)).rpartition("#")[2]
    message = answer.pop("message", None) or answer.pop("Message", "")
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    told = {**answer, "Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(told, operation)
