"""One operation of the description, and the schemas that it refers to."""

import inspect
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ... import ids
from ..dialects import PLATFORM, Dialect
from ..dialects.base import STRING, object_schema
from ..routes import Route
from .components import REASONS, error_name, headers, parameter
from .examples import example

ENVELOPED = "application/json;profile=envelope"


class Operation:
    """Writes the operation of a route."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self.schemas: dict[str, Any] = {}

    def written(self) -> dict[str, Any]:
        """The operation object."""
        route = self._route
        found: dict[str, Any] = {
            "operationId": route.operation_id,
            "summary": route.summary,
            "description": self._description(),
            "tags": [tag(route)],
            "parameters": self._parameters(),
            "responses": self._responses(),
        }
        if route.body:
            found["requestBody"] = self._request_body(route.body)
        if route.scope is None:
            found["security"] = []
        else:
            found["x-scope"] = route.scope
        if route.deprecation:
            found["deprecated"] = True
        return found

    def _description(self) -> str:
        route = self._route
        told = inspect.getdoc(route.function) or ""
        if route.scope is None:
            return f"{told}\n\nNeeds no credentials."
        people = f" People need `{route.people}` only." if route.people else ""
        return f"{told}\n\nNeeds the scope `{route.scope}`.{people}"

    def _request_body(self, body: type[BaseModel]) -> dict[str, Any]:
        schema = self._ref(body, "validation")
        sent = self._route.example
        shown = sent if sent is not None else example(schema, self.schemas)
        required = any(field.is_required() for field in body.model_fields.values())
        content = {"application/json": {"schema": schema, "example": shown}}
        return {"required": required, "content": content}

    def _parameters(self) -> list[dict[str, Any]]:
        route, dialect = self._route, self._route.dialect
        found = [_in_path(one.name, _of_kind(one.prefix)) for one in route.resources.values()]
        found += [_in_path(name, f"The {name} itself") for name in route.words]
        if route.pages:
            described = dialect.page_parameters(route.page_limit or dialect.default_limit)
            found += [_in_query(name, one) for name, one in described.items()]
        if route.query:
            schema = localized(route.query.model_json_schema(), dialect)
            found += [_in_query(name, one) for name, one in schema["properties"].items()]
        if route.scope:
            found.append(parameter("WorkspaceId"))
        if self._is_idempotent():
            found.append(parameter("IdempotencyKey"))
        return found

    def _is_idempotent(self) -> bool:
        return self._route.method == "POST" and self._route.scope is not None

    def _responses(self) -> dict[str, Any]:
        route = self._route
        responses = {str(route.status): self._success(route.status, route.answer)}
        for status, model in route.instead.items():
            responses[str(status)] = self._success(status, model)
        for status in self._error_statuses():
            name = error_name(route.dialect, status)
            responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
        return responses

    def _success(self, status: int, answer: type[BaseModel] | None) -> dict[str, Any]:
        route = self._route
        replayed = ["Idempotent-Replayed"] if self._is_idempotent() else []
        told = {"description": REASONS[status], "headers": headers(status, *replayed)}
        if answer is None:
            return told
        schema = self._ref(answer, "serialization")
        if route.lists:
            schema = route.dialect.many_schema(schema, route.plural)
        shown = {"schema": schema, "example": example(schema, self.schemas)}
        content = {"application/json": shown}
        if route.dialect is PLATFORM and not route.lists:
            content[ENVELOPED] = {"schema": _enveloped(schema)}
        return {**told, "content": content}

    def _error_statuses(self) -> list[int]:
        route = self._route
        found = {500, 503, *route.refusals}
        if route.scope:
            found |= {401, 403, 429}
        elif route.counted:
            found |= {429}
        if route.resources or route.body:
            found |= {404}
        if route.body or route.pages or route.query or self._is_idempotent():
            found |= {400}
        if route.body:
            found |= {413, 415}
        if route.method != "GET":
            found |= {409}
        if self._is_idempotent():
            found |= {402, 422}
        if route.body and not route.scope:
            found |= {401}
        return sorted(found)

    def _ref(self, model: type[BaseModel], mode: Any) -> dict[str, Any]:
        """A reference to a model's schema in this dialect, which is added to the schemas."""
        dialect = self._route.dialect
        template = f"#/components/schemas/{dialect.name}.{{model}}"
        _, defined = models_json_schema([(model, mode)], ref_template=template, by_alias=True)
        for name, schema in defined["$defs"].items():
            self.schemas[f"{dialect.name}.{name}"] = localized(schema, dialect)
        return {"$ref": template.format(model=model.__name__)}


def tag(route: Route) -> str:
    """The feature that a route is part of."""
    return route.function.__module__.split(".")[1]


def localized(schema: Any, dialect: Dialect) -> Any:
    """The schema with ids and times as this dialect writes them."""
    if isinstance(schema, list):
        return [localized(one, dialect) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "x-id-of" in schema:
        return {**schema, **dialect.id_schema(schema["x-id-of"])}
    if schema.get("format") == "epoch-ms":
        rest = {key: value for key, value in schema.items() if key not in {"type", "format"}}
        return {**rest, **dialect.time_schema()}
    return {key: localized(value, dialect) for key, value in schema.items()}


def _in_path(name: str, description: str) -> dict[str, Any]:
    said = {"required": True, "schema": STRING, "description": description}
    return {"name": name, "in": "path", **said}


def _of_kind(prefix: str) -> str:
    return f"The id of a {ids.KINDS[prefix]}: {prefix}_… or its UUID"


def _in_query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _enveloped(schema: dict[str, Any]) -> dict[str, Any]:
    return object_schema(data=schema, meta=object_schema(requestId=STRING))
