"""API Gateway in this process: HTTP requests become REST proxy events and their answers HTTP."""

import base64
import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from chalice.local import LambdaContext, LocalChalice
from multidict import CIMultiDict

from chalicelib import ids

LARGEST_BODY = 10 * 1024 * 1024
CATCH_ALL = "/{proxy+}"
TIMEOUT_MS = 29_000

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

Answer = tuple[int, CIMultiDict[str], bytes]
Event = dict[str, Any]

log = logging.getLogger(__name__)


class Gateway:
    """What API Gateway and Lambda do for a Chalice app, without a socket."""

    def __init__(self, app: Any, stage: str = "local") -> None:
        _keep_requests_apart(app)
        self._app = app
        self._stage = stage
        self._routes = sorted(map(_segments, app.routes), key=_concrete_first)

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, source_ip: str
    ) -> Answer:
        """Answer one request: its status, headers and body.

        ``target`` is the path with its query as it stands in the request line; ``headers`` may be
        a multi-dict. What the app raises is answered 502, as API Gateway does.
        """
        if len(body) > LARGEST_BODY:
            return too_large()
        path, query = _path_and_query(target)
        resource, parameters = self._match(method, path)
        if resource not in self._app.routes:
            return _message(403, "Missing Authentication Token")
        event = self._event(method, resource, path, source_ip)
        event |= {"pathParameters": parameters, **_query(query), **_headers(headers)}
        event |= self._body(headers, body)
        return self._invoke(event)

    def _match(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        """The route of a path and its parameters; the catch-all where there is none."""
        asked = _segments(path.removesuffix("/") or "/")
        for route in self._routes:
            captured = _captured(route, asked)
            resource = "/".join(route)
            if captured is not None and method in self._app.routes[resource]:
                return resource, captured
            if captured is not None:
                break  # API Gateway picks the route by its path alone
        return CATCH_ALL, {"proxy": unquote(path.removeprefix("/"))}

    def _event(self, method: str, resource: str, path: str, source_ip: str) -> Event:
        return {
            "resource": resource,
            "path": unquote(path),
            "httpMethod": method,
            "stageVariables": None,
            "requestContext": {
                "requestId": ids.new("req"),
                "stage": self._stage,
                "httpMethod": method,
                "resourcePath": resource,
                "path": path,
                "identity": {"sourceIp": source_ip},
            },
        }

    def _body(self, headers: Mapping[str, str], body: bytes) -> Event:
        if not body:
            return {"body": None, "isBase64Encoded": False}
        with suppress(UnicodeDecodeError):
            if not self._is_binary(headers):
                return {"body": body.decode(), "isBase64Encoded": False}
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}

    def _is_binary(self, headers: Mapping[str, str]) -> bool:
        media_type = CIMultiDict(headers).get("Content-Type", "").partition(";")[0].strip()
        return not {media_type.lower(), "*/*"}.isdisjoint(self._app.api.binary_types)

    def _invoke(self, event: Event) -> Answer:
        context = LambdaContext(self._app.app_name, memory_size=512, max_runtime_ms=TIMEOUT_MS)
        try:
            return _answer(self._app(event, context))
        except (Exception, SystemExit):
            log.exception("the app failed to answer %s", event["resource"])
            return _message(502, "Internal server error")


def too_large() -> Answer:
    """What API Gateway says to a body of more than 10 MiB."""
    return _message(413, "Request Too Long")


def _keep_requests_apart(app: Any) -> None:
    """Give each thread its own ``current_request``: a Lambda function has one at a time."""
    if not isinstance(app, LocalChalice):
        app.__class__ = type("LocalApp", (LocalChalice, type(app)), {})


def _path_and_query(target: str) -> tuple[str, str]:
    """Both as they were sent, from any form a request line may have (RFC 9112 §3.2)."""
    if not target.startswith("/"):
        url = urlsplit(target)
        target = f"/{url.path.lstrip('/')}?{url.query}"
    path, _, query = target.partition("#")[0].partition("?")
    return path, query


def _segments(path: str) -> list[str]:
    return path.split("/")


def _concrete_first(route: list[str]) -> list[bool]:
    return [segment.startswith("{") for segment in route]


def _captured(route: list[str], asked: list[str]) -> dict[str, str] | None:
    """The decoded path parameters, or None when the route is another."""
    if len(route) != len(asked) or "/".join(route) == CATCH_ALL:
        return None
    captured = {}
    for expected, segment in zip(route, asked, strict=True):
        if expected.startswith("{") and segment:
            captured[expected.strip("{}")] = unquote(segment)
        elif expected != unquote(segment):
            return None
    return captured


def _query(query: str) -> Event:
    values = parse_qs(query, keep_blank_values=True)
    return {
        "multiValueQueryStringParameters": values or None,
        "queryStringParameters": {name: given[-1] for name, given in values.items()} or None,
    }


def _headers(headers: Mapping[str, str]) -> Event:
    several = CIMultiDict(headers)
    return {
        "headers": {name: several.getall(name)[-1] for name in several},
        "multiValueHeaders": {name: several.getall(name) for name in several},
    }


def _answer(response: Mapping[str, Any]) -> Answer:
    headers = CIMultiDict({name: _line(value) for name, value in response["headers"].items()})
    for name, values in (response.get("multiValueHeaders") or {}).items():
        headers.popall(name, None)
        headers.extend((name, _line(value)) for value in values)
    headers.popall("Content-Length", None)  # the server counts for itself
    headers.setdefault("Content-Type", "application/json")
    body = response.get("body") or ""
    raw = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
    return int(response["statusCode"]), headers, raw


def _line(value: Any) -> str:
    """A header's value; one that would begin another header is the app's fault."""
    if _CONTROL.search(str(value)):
        raise ValueError("a header with control characters")
    return str(value)


def _message(status: int, message: str) -> Answer:
    headers = CIMultiDict({"Content-Type": "application/json"})
    return status, headers, json.dumps({"message": message}).encode()
