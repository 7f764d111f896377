"""What every request passes: admission, limits, the operation, headers, one log line."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalice.app import Chalice, Request, Response

from ..aws import is_passing
from ..errors import ApiError, Forbidden, InternalError, ServiceUnavailable, Unauthorized
from ..store import wire
from . import limits, parsing
from .call import Call, Caller
from .dialects import canonical, of_path
from .limits import LimitReached, strangers
from .operation import Audit, Done, perform, written
from .routes import Route
from .table import Entry, RouteTable

log = logging.getLogger(__name__)

Admit = Callable[[Call], Caller]
Find = Callable[[Call], tuple[Route, dict[str, str]]]
Pages = Mapping[str, Callable[[], str]]
CATCH_ALL = "/{proxy+}"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HEADERS: dict[str, str | list[str]] = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, X-Workspace-Id",
    "Access-Control-Expose-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
HTML = {"Content-Type": "text/html; charset=utf-8", "X-Frame-Options": "DENY"}


@dataclass(frozen=True)
class Guards:
    """What the features give to the door: who is let in, and what is noted of what they did.

    ``note_refusal`` notes at once that who may not see secrets has asked for them.
    """

    admit: Admit
    audit: Audit
    note_refusal: Callable[[Call, Route, dict[str, str]], None]


def mount(app: Chalice, table: RouteTable, guards: Guards, pages: Pages) -> None:
    """Register every route with Chalice, pages of HTML, and a catch-all for what they leave.

    The catch-all answers unknown paths, wrong methods, HEAD, OPTIONS and ``/api/v1``.
    """
    door = FrontDoor(app, table, guards, pages)
    for entry in table.entries:
        app.route(entry.path, methods=[entry.method], name=entry.operation_id, content_types=[])(
            door.view(entry)
        )
    for path in ("/", CATCH_ALL):
        app.route(path, methods=METHODS, name="catch_all", content_types=[])(door.catch_all)


def directed(app: Chalice, event: dict[str, Any]) -> dict[str, Any]:
    """The event of a request, turned to the catch-all where its path has no view for the method."""
    asked = event["requestContext"]
    if asked["httpMethod"] in app.routes.get(asked["resourcePath"], {}):
        return event
    caught = {"proxy": event["path"].removeprefix("/")}
    return event | {
        "pathParameters": caught,
        "requestContext": {**asked, "resourcePath": CATCH_ALL},
    }


class FrontDoor:
    """Answers requests; it never raises."""

    def __init__(self, app: Chalice, table: RouteTable, guards: Guards, pages: Pages) -> None:
        self._app = app
        self._table = table
        self._guards = guards
        self._pages = pages

    def view(self, entry: Entry) -> Callable[..., Response]:
        """The Chalice view of one route."""

        def answer(**params: str) -> Response:
            return self._answer(entry.path, lambda _: (self._table.route(entry), params))

        return answer

    def catch_all(self) -> Response:
        """The view of every path that has none of its own."""
        params = self._request().uri_params or {}
        path = canonical(f"/{params.get('proxy', '')}")
        page = self._pages.get(path.rstrip("/"))
        if page and self._request().method in {"GET", "HEAD"}:
            return self._page(path, page)
        return self._answer(path, lambda call: self._table.router.match(call.method, path))

    def _answer(self, path: str, find: Find) -> Response:
        """The answer to the current request, errors included, and its log line."""
        started = time.monotonic()
        wire.calls.set(0)
        call = self._open(path)
        done = self._outcome(call, find)
        _log(call, done.status, started)
        return _response(call, done)

    def _page(self, path: str, page: Callable[[], str]) -> Response:
        """A page for people, or a description for machines; neither asks who is reading."""
        call = self._open(path)
        is_html = not path.endswith(".json")
        headers = HTML if is_html else {}
        return _response(call, Done(200, page(), headers | _stranger_headers(call)))

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

    def _outcome(self, call: Call, find: Find) -> Done:
        if call.method == "OPTIONS":
            return Done(204, "", _stranger_headers(call))
        try:
            done = self._perform(call, *find(call))
        except Exception as raised:
            return _refused(call, raised)
        return Done(done.status, done.text, {**done.headers, **_standing_headers(call)})

    def _perform(self, call: Call, route: Route, params: dict[str, str]) -> Done:
        call.notices = route.deprecation.headers if route.deprecation else {}
        self._let_in(call, route, params)
        return perform(call, route, params, self._guards.audit)

    def _let_in(self, call: Call, route: Route, params: dict[str, str]) -> None:
        """Admit the caller of a route that asks for credentials, and count every caller."""
        if route.scope is None:
            if route.counted:
                strangers.count(call.source_ip)
            return
        try:
            call.known_caller = self._guards.admit(call)
        except Unauthorized:
            strangers.count(call.source_ip)
            raise
        needed = route.needs(call.known_caller, call.query)
        if not call.known_caller.may(needed):
            if route.shows_secrets(call.query):
                self._guards.note_refusal(call, route, params)
            raise Forbidden(f"This needs a credential with the scope {needed}")
        if route.is_closed_to(call.known_caller):
            raise Forbidden("This API key is bound to a project; this is about the whole workspace")


def _refused(call: Call, raised: Exception) -> Done:
    """The answer about an error, in the dialect of the path."""
    error = _told(raised, call)
    body = of_path(call.path).error(error, call)
    if isinstance(error, LimitReached):
        standing = limits.headers(error.standing, error.refused)
    else:
        standing = _standing_headers(call)
    return Done(error.status, written(body), {**error.headers, **standing})


def _standing_headers(call: Call) -> dict[str, str]:
    if call.standing:
        return limits.headers(call.standing, call.standing[0])
    return _stranger_headers(call)


def _stranger_headers(call: Call) -> dict[str, str]:
    policy = strangers.look(call.source_ip)
    return limits.headers((policy,), policy)


def _response(call: Call, done: Done) -> Response:
    headers = {**HEADERS, "X-Request-Id": call.request_id, **call.notices, **done.headers}
    text = "" if call.method == "HEAD" else done.text
    return Response(body=text, status_code=done.status, headers=headers)


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
