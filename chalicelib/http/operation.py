"""Performs one operation: arguments in, unit of work, answer out."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from ..errors import Outdated
from . import idempotency, parsing
from .call import Call
from .dialects import Dialect
from .idempotency import Request
from .pages import Listing
from .routes import Route

MOST_AGAIN = 7
PAUSE_SECONDS = 0.01

Audit = Callable[[Call, Route, dict[str, str], Any], None]


@dataclass(frozen=True)
class Done:
    """What is answered when all went well."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


def perform(call: Call, route: Route, params: dict[str, str], audit: Audit) -> Done:
    """Do what was asked, or answer again what was answered to the same Idempotency-Key."""
    request = Request.of(call, route, params)
    if request is None:
        return _do(call, route, params, audit, None)
    return _replay(call, request) or _do_once(call, route, params, audit, request)


def _do_once(
    call: Call, route: Route, params: dict[str, str], audit: Audit, request: Request
) -> Done:
    try:
        return _do(call, route, params, audit, request)
    except Exception:
        replayed = _replay(call, request)
        if replayed is None:
            raise
        return replayed


def _replay(call: Call, request: Request) -> Done | None:
    kept = idempotency.kept(call, request)
    return Done(kept.status, kept.text, idempotency.REPLAYED) if kept else None


def _do(
    call: Call, route: Route, params: dict[str, str], audit: Audit, request: Request | None
) -> Done:
    """Do it, again from its reads on when they were outdated before the commit."""
    for attempt in range(MOST_AGAIN):
        try:
            return _attempt(call, route, params, audit, request)
        except Outdated:
            call.begin_again()
            time.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))  # noqa: S311 (jitter)
    return _attempt(call, route, params, audit, request)


def _attempt(
    call: Call, route: Route, params: dict[str, str], audit: Audit, request: Request | None
) -> Done:
    arguments = _arguments(call, route, params)
    result = route.function(call, **arguments)
    text, status = written(_answer(result, call, route)), route.status_of(result)
    if request:
        idempotency.keep(call, request, status, text)
    if call.known_caller and status == route.status and route.is_audited(call.query):
        audit(call, route, params, result)
    call.tx.commit()
    return Done(status, text)


def _arguments(call: Call, route: Route, params: dict[str, str]) -> dict[str, Any]:
    """What the route's function takes; parents are looked up before the body is read."""
    found: dict[str, Any] = {name: params[name] for name in route.words}
    for name, source in route.resources.items():
        parents = [found[earlier] for earlier in route.resources if earlier in found]
        found[name] = source.resolve(call, params[source.name], parents)
    if route.pages:
        limit = route.page_limit or route.dialect.default_limit
        found["page"] = route.dialect.page(call.query, limit)
    if route.query:
        found["query"] = parsing.parse_query(route.query, call)
    if route.body:
        found["body"] = parsing.parse_body(route.body, call, route.body_kib)
    return found


def _answer(result: Any, call: Call, route: Route) -> Any:
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


def written(body: Any) -> str:
    """A body as compact JSON; nothing for None."""
    return "" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
