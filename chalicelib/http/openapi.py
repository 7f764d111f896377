"""The OpenAPI 3.1 description, made from the declared routes."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .. import ids
from ..settings import settings
from .dialects import Dialect
from .dialects.base import STRING
from .routes import Route

VERSION = "1.0.0"
REASONS = {
    200: "Done",
    201: "Created",
    202: "Accepted; what follows comes by mail",
    204: "Done, without a body",
    400: "The request is malformed; the error names the field",
    401: "The credentials are missing, wrong, expired or revoked",
    403: "The credential's scope is too narrow",
    404: "No such resource of yours",
    409: "The present state forbids it",
    413: "The body is too large",
    415: "The body is not JSON",
    429: "Too many requests",
    500: "An error of ours",
    503: "Busy; try again after the seconds in Retry-After",
}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for route in routes:
        writer = _Writer(route)
        paths.setdefault(route.path, {})[route.method.lower()] = writer.operation()
        schemas |= writer.schemas
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orbitra",
            "version": VERSION,
            "description": "A whole Platform-as-a-Service that costs nothing while idle.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings().public_base_url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (ak_live_…) or an access token",
                }
            },
        },
    }


class _Writer:
    """Writes one operation, and the component schemas that it refers to."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self.schemas: dict[str, Any] = {}

    def operation(self) -> dict[str, Any]:
        """The operation object."""
        route = self._route
        written: dict[str, Any] = {
            "operationId": route.operation_id,
            "summary": route.summary,
            "tags": [route.function.__module__.split(".")[1]],
            "parameters": self._parameters(),
            "responses": self._responses(),
        }
        if route.scope is None:
            written["security"] = []
        else:
            written["x-scope"] = route.scope
        if route.body:
            written["requestBody"] = self._request_body(route.body)
        return written

    def _request_body(self, body: type[BaseModel]) -> dict[str, Any]:
        content: dict[str, Any] = {"schema": self._ref(body, "validation")}
        if self._route.example is not None:
            content["example"] = self._route.example
        required = any(field.is_required() for field in body.model_fields.values())
        return {"required": required, "content": {"application/json": content}}

    def _parameters(self) -> list[dict[str, Any]]:
        route, dialect = self._route, self._route.dialect
        found = [_path_parameter(source.name, source.prefix) for source in self._sources()]
        if route.pages:
            found += [_query(name, one) for name, one in dialect.page_parameters().items()]
        if route.query:
            schema = _localized(route.query.model_json_schema(), dialect)
            found += [_query(name, one) for name, one in schema["properties"].items()]
        return found

    def _sources(self) -> list[Any]:
        return list(self._route.resources.values())

    def _responses(self) -> dict[str, Any]:
        route = self._route
        responses = {str(route.status): self._success()}
        for status in self._error_statuses():
            responses[str(status)] = self._error(status)
        return responses

    def _success(self) -> dict[str, Any]:
        route = self._route
        answer: dict[str, Any] = {"description": REASONS[route.status], "headers": HEADERS}
        if route.answer is None:
            return answer
        schema = self._ref(route.answer, "serialization")
        if route.lists:
            schema = route.dialect.many_schema(schema, route.plural)
        return {**answer, "content": {"application/json": {"schema": schema}}}

    def _error(self, status: int) -> dict[str, Any]:
        name = f"{self._route.dialect.name}.Error"
        self.schemas[name] = self._route.dialect.error_schema()
        schema = {"$ref": f"#/components/schemas/{name}"}
        answer = {"description": REASONS[status], "headers": HEADERS}
        return {**answer, "content": {"application/json": {"schema": schema}}}

    def _error_statuses(self) -> list[int]:
        route = self._route
        found = [500, 503]
        if route.scope is not None:
            found += [401, 403]
        if route.resources or route.body:
            found += [404]
        if route.body or route.pages or route.query:
            found += [400]
        if route.body:
            found += [413, 415]
        if route.method != "GET":
            found += [409]
        if route.query and "wait" in route.query.model_fields:
            found += [429]
        if route.scope is None and route.body:
            found += [401]
        return sorted(set(found))

    def _ref(self, model: type[BaseModel], mode: Any) -> dict[str, Any]:
        """A reference to a model's schema in this dialect, which is added to the components."""
        dialect = self._route.dialect
        template = f"#/components/schemas/{dialect.name}.{{model}}"
        _, defined = models_json_schema([(model, mode)], ref_template=template)
        for name, schema in defined["$defs"].items():
            self.schemas[f"{dialect.name}.{name}"] = _localized(schema, dialect)
        return {"$ref": template.format(model=model.__name__)}


HEADERS = {"X-Request-Id": {"schema": STRING, "description": "Names this request in our logs"}}


def _path_parameter(name: str, prefix: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": STRING,
        "description": f"The id of a {ids.KINDS[prefix]}: {prefix}_… or its UUID",
    }


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _localized(schema: Any, dialect: Dialect) -> Any:
    """The schema with ids and times as this dialect writes them."""
    if isinstance(schema, list):
        return [_localized(one, dialect) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "x-id-of" in schema:
        return {**schema, **dialect.id_schema(schema["x-id-of"])}
    if schema.get("format") == "epoch-ms":
        rest = {key: value for key, value in schema.items() if key not in {"type", "format"}}
        return {**rest, **dialect.time_schema()}
    return {key: _localized(value, dialect) for key, value in schema.items()}
