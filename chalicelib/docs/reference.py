"""The operations of an OpenAPI description as a reader wants to see them."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A parameter, or a field of a body or an answer."""

    name: str
    where: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True)
class Shown:
    """One operation; ``curl`` is a line that calls it, ``example`` the answer to that."""

    id: str
    method: str
    path: str
    summary: str
    description: list[str]
    status: str
    parameters: list[Row]
    body: list[Row]
    answer: list[Row]
    curl: str
    example: str
    errors: list[str]
    next: list[str]


class Reference:
    """Reads a description."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._description = description
        self._base = description["servers"][0]["url"]

    def groups(self) -> list[tuple[str, str, list[Shown]]]:
        """Every tag with what it is and its operations."""
        tags = self._description["tags"]
        return [(tag["name"], tag["description"], list(self._tagged(tag["name"]))) for tag in tags]

    def _tagged(self, tag: str) -> Iterator[Shown]:
        for path, operations in self._description["paths"].items():
            for method, operation in operations.items():
                if tag in operation["tags"]:
                    yield self._shown(path, method, operation)

    def _shown(self, path: str, method: str, operation: dict[str, Any]) -> Shown:
        status, answer = next(iter(operation["responses"].items()))
        told = answer.get("content", {}).get("application/json", {})
        return Shown(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            description=operation["description"].split("\n\n")[1:],
            status=f"{status} {answer['description']}",
            parameters=[self._parameter(one) for one in operation["parameters"]],
            body=list(self._fields(_content(operation.get("requestBody", {})).get("schema", {}))),
            answer=list(self._fields(told.get("schema", {}))),
            curl=self._curl(path, method, operation),
            example=json.dumps(told["example"], indent=2) if "example" in told else "",
            errors=[code for code in operation["responses"] if code >= "400"],
            next=list(answer.get("links", {})),
        )

    def _parameter(self, parameter: dict[str, Any]) -> Row:
        found = self._resolved(parameter)
        schema = found["schema"]
        told = found.get("description") or _told(schema)
        return Row(found["name"], found["in"], _type(schema), found["required"], told)

    def _fields(self, schema: dict[str, Any], prefix: str = "") -> Iterator[Row]:
        """The fields of an object, those of objects within it after theirs."""
        found = self._object(schema)
        required = found.get("required", [])
        for name, field in found.get("properties", {}).items():
            yield Row(prefix + name, "", self._named(field), name in required, _told(field))
            inner = self._object(field)
            if inner and prefix.count(".") < 1:
                yield from self._fields(inner, f"{prefix}{name}.")

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The object that a schema is, or that its rows or its one choice are."""
        found = self._resolved(schema)
        for choice in found.get("anyOf", []):
            if inner := self._object(choice):
                return inner
        if "items" in found:
            return self._object(found["items"])
        return found if "properties" in found else {}

    def _named(self, schema: dict[str, Any]) -> str:
        found = self._resolved(schema)
        if "anyOf" in found:
            return " or ".join(self._named(choice) for choice in found["anyOf"])
        if "items" in found:
            return f"list of {self._named(found['items'])}"
        return _type(found)

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in value:
            return value
        found: Any = self._description
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        resolved: dict[str, Any] = found
        return resolved

    def _curl(self, path: str, method: str, operation: dict[str, Any]) -> str:
        content = _content(operation.get("requestBody", {}))
        lines = [f'curl "{self._base}{path.replace("{", "${")}"']
        if method != ("post" if content else "get"):
            lines[0] += f" -X {method.upper()}"
        if operation.get("security") != []:
            lines.append('-H "Authorization: Bearer $KEY"')
        if content:
            sent = json.dumps(content["example"], ensure_ascii=False)
            lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(sent)}"]
        return " \\\n  ".join(lines)


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = holder.get("content", {}).get("application/json", {})
    return found


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    return str(schema.get("format") or schema.get("type", "any"))


def _told(schema: dict[str, Any]) -> str:
    """What a schema says besides its type: its description, its bounds, its default."""
    bounds = {
        "minimum": "at least {}",
        "maximum": "at most {}",
        "minLength": "{} characters or more",
        "maxLength": "{} characters at most",
        "maxItems": "{} at most",
    }
    said = [schema.get("description", "")]
    said += [text.format(schema[name]) for name, text in bounds.items() if name in schema]
    if schema.get("default") is not None:
        said.append(f"default {json.dumps(schema['default'])}")
    return "; ".join(part for part in said if part)
