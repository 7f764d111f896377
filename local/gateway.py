"""API Gateway in this process: HTTP requests become the events that Lambda gets."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from chalice.app import Chalice
from chalice.local import LambdaContext, LocalChalice

from chalicelib import ids

CATCH_ALL = "/{proxy+}"
MOST_BYTES = 10 * 1024 * 1024  # what API Gateway takes
MEMORY_MB = 512
TIMEOUT_MS = 29_000

Reply = tuple[int, dict[str, str], bytes]


class Gateway:
    """Hands requests to a Chalice app as API Gateway (REST, proxy integration) does."""

    def __init__(self, app: Chalice) -> None:
        app.__class__ = LocalChalice  # its current request is the thread's own
        self._app = app
        self._paths = sorted(path for path in app.routes if path != CATCH_ALL)

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, source_ip: str
    ) -> Reply:
        """Status, headers and body of the answer to a request for ``target``, path and query."""
        if len(body) > MOST_BYTES:
            return 413, {"Content-Type": "application/json"}, b'{"message":"Request Too Long"}'
        event = self._event(method, target, headers, body, source_ip)
        answer = self._app(event, LambdaContext("api", MEMORY_MB, TIMEOUT_MS))
        return answer["statusCode"], _headers(answer), _body(answer)

    def _event(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, source_ip: str
    ) -> dict[str, Any]:
        parts = urlsplit(target)
        route, params = self._match(method, parts.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        text, encoded = _text(body)
        return {
            "path": unquote(parts.path),
            "headers": dict(headers),
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "multiValueQueryStringParameters": query or None,
            "pathParameters": params,
            "stageVariables": None,
            "body": text,
            "isBase64Encoded": encoded,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": route,
                "path": unquote(parts.path),
                "identity": {"sourceIp": source_ip},
                "requestId": ids.new("req"),
                "stage": "local",
            },
        }

    def _match(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        """The declared route of a path; the catch-all for unknown paths and methods."""
        parts = path.rstrip("/").split("/") or [""]
        for route in self._paths:
            params = _params(route.rstrip("/").split("/"), parts)
            if params is not None and method in self._app.routes[route]:
                return route, params
        return CATCH_ALL, {"proxy": unquote(path).strip("/")}


def _params(shape: list[str], parts: list[str]) -> dict[str, str] | None:
    """The path parameters, when the parts fit the route's shape."""
    if len(shape) != len(parts):
        return None
    pairs = list(zip(shape, parts, strict=True))
    if any(name != part for name, part in pairs if not name.startswith("{")):
        return None
    return {name[1:-1]: unquote(part) for name, part in pairs if name.startswith("{")}


def _text(body: bytes) -> tuple[str | None, bool]:
    try:
        return (body.decode() if body else None), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _headers(answer: dict[str, Any]) -> dict[str, str]:
    return {**answer["headers"], **{k: v[-1] for k, v in answer["multiValueHeaders"].items()}}


def _body(answer: dict[str, Any]) -> bytes:
    body: str = answer["body"]
    return base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
