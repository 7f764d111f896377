"""Turns what was sent into typed values, or into errors that name the field."""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import FieldError, InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from .call import Call
from .schemas import Body, Query

B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)

MISSING = "The request is missing required parameters"
JSON_TYPES = ("", "application/json")


def parse_body(schema: type[B], call: Call, limit_kib: int) -> B:
    """The body as its schema. An empty body is an empty object."""
    media_type = call.headers.get("content-type", "").split(";")[0].strip().lower()
    if call.raw_body and media_type not in JSON_TYPES and not media_type.endswith("+json"):
        raise UnsupportedMediaType
    if len(call.raw_body) > limit_kib * 1024:
        raise PayloadTooLarge(limit_kib)
    try:
        return schema.model_validate_json(call.raw_body or b"{}")
    except ValidationError as error:
        raise _invalid(schema, error) from None


def parse_query(schema: type[Q], call: Call) -> Q:
    """The query string as its schema."""
    try:
        return schema.model_validate(call.query)
    except ValidationError as error:
        raise _invalid(schema, error) from None


def _invalid(schema: type[BaseModel], error: ValidationError) -> InvalidRequest:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    if any(not detail["loc"] for detail in details):
        return InvalidRequest(_whole_body(details[0]))
    fields = [_field(schema, detail) for detail in details]
    if any(field.missing for field in fields):
        return InvalidRequest(MISSING, fields)
    return InvalidRequest("; ".join(f"{one.field}: {one.message}" for one in fields), fields)


def _whole_body(detail: ErrorDetails) -> str:
    if detail["type"] == "json_invalid":
        return f"The body is not valid JSON: {detail['msg'].removeprefix('Invalid JSON: ')}"
    if detail["type"] in {"value_error", "assertion_error"}:
        return _plain(detail["msg"])
    return "The body must be a JSON object"


def _field(schema: type[BaseModel], detail: ErrorDetails) -> FieldError:
    name = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        return FieldError(name, "is required", missing=True)
    if detail["type"] == "extra_forbidden":
        return FieldError(name, _unknown(str(detail["loc"][-1]), _names(schema)))
    return FieldError(name, _plain(detail["msg"]))


def _names(schema: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in schema.model_fields.items()]


def _unknown(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f"is not a field of this; did you mean {near[0]}?" if near else "is not a field of this"


def _plain(message: str) -> str:
    """Pydantic's wording as the end of a sentence that begins with the field's name."""
    for start in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(start)
    return message.replace("Input should", "should", 1).replace("String should", "should", 1)


def first_values(pairs: dict[str, Any] | None) -> dict[str, str]:
    """A multi-value query as its last values."""
    return {name: str(values[-1]) for name, values in (pairs or {}).items() if values}
