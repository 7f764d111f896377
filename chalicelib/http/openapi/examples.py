"""Examples that are made from a schema."""

from typing import Any

ID = "01m7y0fppje0y9thwrqb1ygz38"
UUID = "01a1fc07-dad2-703c-9d47-0bc2df0f7f68"
BY_NAME = {
    "email": "ada@example.com",
    "name": "my-app",
    "status": "active",
    "region": "us-east-1",
    "url": "http://my-app.example.com",
    "git_url": "https://github.com/user/repo.git",
    "git_repository_url": "https://github.com/user/repo",
    "branch": "main",
    "token": "eyJ…",
    "scope": "write",
    "plan": "free",
    "role": "owner",
    "mode": "live",
    "code": "not_found",
}
BY_FORMAT = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T10:30:00Z",
    "uuid": UUID,
    "uri": "https://example.com/",
}


def example(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """A value that fits the schema; ``schemas`` are the components that it may refer to."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    for word in ("const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas, name)
    return _of_type(schema, schemas, name)


def _of_type(schema: dict[str, Any], schemas: dict[str, Any], name: str) -> Any:
    match schema.get("type"):
        case "object":
            named = schema.get("properties", {}).items()
            return {key: example(one, schemas, key) for key, one in named}
        case "array":
            return [example(schema["items"], schemas, name)]
        case "integer" | "number":
            return schema.get("minimum", 1_790_000_000_000 if name.endswith("At") else 1)
        case "boolean":
            return False
        case "string":
            return _text(schema, name)
    return None


def _text(schema: dict[str, Any], name: str) -> str:
    if "x-id-of" in schema and "pattern" in schema:
        return f"{schema['x-id-of']}_{ID}"
    return BY_FORMAT.get(schema.get("format", ""), BY_NAME.get(name, "text"))
