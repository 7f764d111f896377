"""Links: what can be done next with what an operation has made (OpenAPI 3.1, Link Object)."""

from collections.abc import Iterable
from typing import Any

from ..routes import Route
from ..schemas import IdOf


def links(route: Route, routes: Iterable[Route]) -> dict[str, Any]:
    """The links of a route that makes something: the operations whose paths can take its id."""
    made = _made(route)
    if made is None:
        return {}
    near = (other for other in routes if other.dialect is route.dialect)
    found = {other.operation_id: _parameters(route, made, other) for other in near}
    return {
        name: {"operationId": name, "parameters": parameters}
        for name, parameters in found.items()
        if parameters
    }


def _made(route: Route) -> str | None:
    """The prefix of the ids of what the route makes, None when it makes nothing."""
    if route.status != 201 or route.answer is None or "id" not in route.answer.model_fields:
        return None
    told = route.answer.model_fields["id"].metadata
    return next((one.prefix for one in told if isinstance(one, IdOf)), None)


def _parameters(route: Route, made: str, other: Route) -> dict[str, str]:
    """Where the path parameters of the other come from; empty when the made one is none of them."""
    known = {source.name for source in route.resources.values()}
    wanted = {source.name: source.prefix for source in other.resources.values()}
    new = [name for name, prefix in wanted.items() if prefix == made and name not in known]
    if len(new) != 1 or not set(wanted) <= {*known, *new}:
        return {}
    taken = {name: f"$request.path.{name}" for name in wanted if name in known}
    return {**taken, new[0]: "$response.body#/id"}
