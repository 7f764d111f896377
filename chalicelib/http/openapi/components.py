"""What many operations share: headers, parameters, and the answers about errors."""

from typing import Any

from ..dialects import Dialect
from ..dialects.base import INTEGER, STRING

REASONS = {
    200: "Done",
    201: "Created",
    202: "Accepted; what follows comes by mail",
    204: "Done, without a body",
    400: "The request is malformed; the error names the field",
    401: "The credentials are missing, wrong, expired or revoked",
    402: "The plan does not include this",
    403: "The credential or the role allows too little",
    404: "No such resource of yours",
    409: "The present state forbids it",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The Idempotency-Key was used with another body",
    429: "Too many requests",
    500: "An error of ours",
    503: "Busy; try again after the seconds in Retry-After",
}

HEADERS: dict[str, Any] = {
    "X-Request-Id": {"schema": STRING, "description": "Names this request in our logs"},
    "X-RateLimit-Limit": {"schema": INTEGER, "description": "Calls an hour; 1000000 is any"},
    "X-RateLimit-Remaining": {"schema": INTEGER, "description": "Calls left this hour"},
    "X-RateLimit-Reset": {"schema": INTEGER, "description": "When the hour ends, epoch seconds"},
    "RateLimit-Policy": {"schema": STRING, "description": "Every limit: quota q, window w"},
    "RateLimit": {"schema": STRING, "description": "Every limit: remaining r, seconds t"},
    "Retry-After": {"schema": INTEGER, "description": "Seconds to wait"},
    "WWW-Authenticate": {"schema": STRING, "description": "Bearer"},
    "Idempotent-Replayed": {"schema": STRING, "description": "true: the first answer, again"},
}
_ALWAYS = [name for name in HEADERS if "Rate" in name or name == "X-Request-Id"]
_OF_STATUS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}

PARAMETERS: dict[str, Any] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Sent again with the same key, a request is answered again, not done again",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "2f1c9a52-order-17",
    },
    "WorkspaceId": {
        "name": "X-Workspace-Id",
        "in": "header",
        "required": False,
        "description": "The workspace to call in; without it, the credential's own",
        "schema": {"type": "string", "pattern": "^wks_[0-7][0-9a-hjkmnp-tv-z]{25}$"},
    },
}


def headers(status: int, *more: str) -> dict[str, Any]:
    """References to the headers of an answer with this status."""
    names = [*_ALWAYS, *_OF_STATUS.get(status, []), *more]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def parameter(name: str) -> dict[str, Any]:
    """A reference to a parameter."""
    return {"$ref": f"#/components/parameters/{name}"}


def error(dialect: Dialect, status: int) -> dict[str, Any]:
    """The answer about an error, as the dialect writes it."""
    schema = {"$ref": f"#/components/schemas/{dialect.name}.Error"}
    content = {"application/json": {"schema": schema}}
    return {"description": REASONS[status], "headers": headers(status), "content": content}


def error_name(dialect: Dialect, status: int) -> str:
    """What that answer is called among the components."""
    return f"{dialect.name}.{status}"
