"""What API Gateway answers by itself, in the form of our errors.

It does not tell which surface was asked, so an answer has what ``/v1`` and what ``/api`` promise.
See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
"""

import json
from typing import Any

from chalicelib.errors import (
    ApiError,
    Forbidden,
    InternalError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    ServiceUnavailable,
    TooManyRequests,
    UnsupportedMediaType,
)
from chalicelib.http.front_door import HEADERS

LARGEST_KIB = 10 * 1024

ANSWERS: dict[str, ApiError] = {
    "DEFAULT_4XX": InvalidRequest(),
    "DEFAULT_5XX": InternalError(),
    "ACCESS_DENIED": Forbidden(),
    "INTEGRATION_FAILURE": ServiceUnavailable(),
    "INTEGRATION_TIMEOUT": ServiceUnavailable(),
    "MISSING_AUTHENTICATION_TOKEN": NotFound(),
    "QUOTA_EXCEEDED": TooManyRequests(),
    "REQUEST_TOO_LARGE": PayloadTooLarge(LARGEST_KIB),
    "RESOURCE_NOT_FOUND": NotFound(),
    "THROTTLED": TooManyRequests(),
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType(),
    "WAF_FILTERED": Forbidden(),
}


def responses() -> dict[str, Any]:
    """The gateway responses of an API, by AWS's name of what went wrong."""
    return {name: _response(error) for name, error in ANSWERS.items()}


def _response(error: ApiError) -> dict[str, Any]:
    headers = HEADERS | error.headers | {"X-Request-Id": "$context.requestId"}
    return {
        "statusCode": str(error.status),
        "responseParameters": {
            f"gatewayresponse.header.{name}": _written(str(value))
            for name, value in headers.items()
            if name != "Content-Type"
        },
        "responseTemplates": {"application/json": json.dumps(_body(error))},
    }


def _written(value: str) -> str:
    """A literal in API Gateway's quotes, or the name of what it puts in."""
    return value.removeprefix("$") if value.startswith("$context.") else f"'{value}'"


def _body(error: ApiError) -> dict[str, Any]:
    told = {
        "status": error.status,
        "code": error.code,
        "message": error.message,
        "details": {},
        "request_id": "$context.requestId",
    }
    return {"error": told, "detail": error.message}
