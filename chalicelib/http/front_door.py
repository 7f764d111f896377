"""What every request passes: admission, parsing, the unit of work, rendering, one log line."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, Request, Response
from pydantic import BaseModel

from .. import ids
from ..aws import is_passing
from ..errors import ApiError, Forbidden, InternalError, ServiceUnavailable
from ..store import wire
from . import parsing
from .call import Call, Caller
from .dialects import Dialect, of_path
from .pages import Listing
from .router import Router
from .routes import Route

log = logging.getLogger(__name__)

Admit = Callable[[Call], Caller]
CATCH_ALL = "/{proxy+}"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HEADERS: dict[str, str | list[str]] = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
ALLOW_ANY_ORIGIN: dict[str, str | list[str]] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, X-Workspace-Id",
    "Access-Control-Max-Age": "86400",
}


def mount(app: Chalice, routes: list[Route], admit: Admit) -> None:
    """Register every route with Chalice, and a catch-all for what they leave.

    The catch-all answers unknown paths, wrong methods, HEAD and OPTIONS in the path's dialect.
    """
    door = FrontDoor(app, Router(routes), admit)
    for route in routes:
        app.route(route.path, methods=[route.method], name=route.operation_id, content_types=[])(
            door.view(route)
        )
    app.route("/openapi.json", methods=["GET"], name="openapi")(lambda: _description(routes))
    for path in ("/", CATCH_ALL):
        app.route(path, methods=METHODS, name="catch_all", content_types=[])(door.catch_all)


class FrontDoor:
    """Answers requests; it never raises."""

    def __init__(self, app: Chalice, router: Router, admit: Admit) -> None:
        self._app = app
        self._router = router
        self._admit = admit

    def view(self, route: Route) -> Callable[..., Response]:
        """The Chalice view of one route."""

        def answer(**params: str) -> Response:
            return self.answer(route.path, lambda _: (route, params))

        return answer

    def catch_all(self) -> Response:
        """The view of every path that has none of its own."""
        params = self._request().uri_params or {}
        path = f"/{params.get('proxy', '')}"
        return self.answer(path, lambda call: self._router.match(call.method, path))

    def answer(self, path: str, find: Callable[[Call], tuple[Route, dict[str, str]]]) -> Response:
        """The answer to the current request, errors included, and its log line."""
        started = time.monotonic()
        wire.calls.set(0)
        call = self._open(path)
        dialect = of_path(path)
        status, body, extra = self._outcome(call, dialect, find)
        headers: dict[str, str | list[str]] = {
            **HEADERS,
            **ALLOW_ANY_ORIGIN,
            "X-Request-Id": call.request_id,
            **extra,
        }
        _log(call, status, started)
        text = "" if call.method == "HEAD" or body is None else _json(body)
        return Response(body=text, status_code=status, headers=headers)

    def _request(self) -> Request:
        request = self._app.current_request
        if request is None:
            raise RuntimeError("a view was called without a request")
        return request

    def _open(self, path: str) -> Call:
        request = self._request()
        return Call(
            method=request.method,
            path=path,
            headers=dict(request.headers),
            query=parsing.first_values(
                request.to_original_event()["multiValueQueryStringParameters"]
            ),
            raw_body=_bytes(request.raw_body),
            source_ip=request.context.get("identity", {}).get("sourceIp", ""),
        )

    def _outcome(
        self, call: Call, dialect: Dialect, find: Callable[[Call], tuple[Route, dict[str, str]]]
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, body and further headers."""
        if call.method == "OPTIONS":
            return 204, None, {}
        try:
            route, params = find(call)
            return route.status, self._perform(call, route, params), {}
        except Exception as raised:
            error = _told(raised, call)
            return error.status, dialect.error(error, call), error.headers

    def _perform(self, call: Call, route: Route, params: dict[str, str]) -> Any:
        if route.scope is not None:
            call.known_caller = self._admit(call)
            if not call.known_caller.may(route.scope):
                raise Forbidden(f"This needs a credential with the scope {route.scope}")
        result = route.function(call, **_arguments(call, route, params))
        body = _written(result, call, route)
        call.tx.commit()
        return body


def _description(routes: list[Route]) -> Response:
    """The OpenAPI description; readable by anyone, also from a page of another origin."""
    from .openapi import describe

    headers = {**HEADERS, **ALLOW_ANY_ORIGIN, "X-Request-Id": ids.new("req")}
    return Response(body=_json(describe(routes)), headers=headers)


def _arguments(call: Call, route: Route, params: dict[str, str]) -> dict[str, Any]:
    """What the route's function takes; parents are looked up before the body is read."""
    found: dict[str, Any] = {name: params[name] for name in route.words}
    for name, source in route.resources.items():
        parents = [found[earlier] for earlier in route.resources if earlier in found]
        found[name] = source.resolve(call, params[source.name], parents)
    if route.pages:
        found["page"] = route.dialect.page(call.query, route.page_limit)
    if route.query:
        found["query"] = parsing.parse_query(route.query, call)
    if route.body:
        found["body"] = parsing.parse_body(route.body, call, route.body_kib)
    return found


def _written(result: Any, call: Call, route: Route) -> Any:
    """The result as the surface's dialect writes it."""
    dialect = route.dialect
    if isinstance(result, Listing):
        rows = [_dump(row, dialect) for row in result.rows]
        return dialect.many(rows, result.page, result.total, route.plural, call)
    if isinstance(result, BaseModel):
        return dialect.one(_dump(result, dialect), call)
    return result


def _dump(answer: BaseModel, dialect: Dialect) -> Any:
    return answer.model_dump(mode="json", by_alias=True, context={"dialect": dialect})


def _told(raised: Exception, call: Call) -> ApiError:
    """The error that the caller is told of; what is not theirs to know goes to the log."""
    if isinstance(raised, ApiError):
        return raised
    log.error("request failed", exc_info=raised, extra={"request_id": call.request_id})
    return ServiceUnavailable() if is_passing(raised) else InternalError()


def _log(call: Call, status: int, started: float) -> None:
    caller = call.known_caller
    line = {
        "request_id": call.request_id,
        "method": call.method,
        "path": call.path,
        "workspace": caller.workspace_id if caller else None,
        "status": status,
        "ms": round((time.monotonic() - started) * 1000, 1),
        "dynamodb_calls": wire.calls.get(),
    }
    log.info(json.dumps(line))


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
