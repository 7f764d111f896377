"""Everything that may go wrong for a caller.

ApiError
├── InvalidRequest 400        fields: what is wrong with each
├── Unauthorized 401
├── PaymentRequired 402
├── Forbidden 403
├── NotFound 404
├── MethodNotAllowed 405      allowed: the methods the path knows
├── Conflict 409
│   └── Outdated             what was read has changed: the operation is done again
├── PayloadTooLarge 413
├── UnsupportedMediaType 415
├── IdempotencyKeyReuse 422
├── TooManyRequests 429       retry_after, seconds
├── InternalError 500
└── ServiceUnavailable 503    retry_after, seconds

A message is read by the caller: it names the field, says what would be right, and holds nothing of
our insides. Each surface's dialect writes the errors in its own form; ``sites_code`` is the Sites
surface's own code where the status does not say enough.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; ``missing`` when it is required and absent."""

    field: str
    message: str
    missing: bool = False


class ApiError(Exception):
    """An error that the caller is told of."""

    status = 500
    code = "internal_error"
    sites_code = ""
    message = "An unexpected error occurred on our servers"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or type(self).message
        super().__init__(self.message)

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to this error."""
        return {}


class InvalidRequest(ApiError):
    """The request is malformed or lacks something; nothing was changed."""

    status = 400
    code = "invalid_request"
    message = "The request is malformed"

    def __init__(self, message: str | None = None, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)

    @classmethod
    def field(cls, name: str, message: str) -> "InvalidRequest":
        """An error of one field."""
        return cls(f"{name}: {message}", [FieldError(name, message)])


class Unauthorized(ApiError):
    """The credentials are missing, wrong, expired or revoked."""

    status = 401
    code = "unauthorized"
    message = "Invalid or missing authentication credentials"

    @property
    def headers(self) -> dict[str, str]:
        """The challenge that RFC 6750 asks for."""
        return {"WWW-Authenticate": "Bearer"}


class PaymentRequired(ApiError):
    """The plan does not hold this."""

    status = 402
    code = "payment_required"
    message = "Your plan does not include this"


class Forbidden(ApiError):
    """The credentials are good, but may not do this."""

    status = 403
    code = "forbidden"
    message = "You don't have permission to access this resource"


class NotFound(ApiError):
    """No such thing, or not this caller's: both are told the same way."""

    status = 404
    code = "not_found"
    message = "The requested resource does not exist"


class MethodNotAllowed(ApiError):
    """The path exists, but not with this method."""

    status = 405
    code = "method_not_allowed"
    message = "This path does not answer to this method"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted(allowed))
        super().__init__(f"This path answers to {self.allowed}")

    @property
    def headers(self) -> dict[str, str]:
        """The methods that the path knows."""
        return {"Allow": self.allowed}


class Conflict(ApiError):
    """The state of the resource, or another one's name, forbids it."""

    status = 409
    code = "conflict"
    message = "This conflicts with the present state"


class Outdated(Conflict):
    """What the operation has read was changed before it could commit; it is done again, and the
    caller is told only when that keeps happening."""

    message = "This was changed by other requests at the same time; try again"


class PayloadTooLarge(ApiError):
    """The body is larger than the route takes."""

    status = 413
    code = "payload_too_large"

    def __init__(self, limit_kib: int) -> None:
        super().__init__(f"The body is larger than {limit_kib} KiB")


class UnsupportedMediaType(ApiError):
    """The body is not of a type the route reads."""

    status = 415
    code = "unsupported_media_type"
    message = "Send the body as application/json"


class IdempotencyKeyReuse(ApiError):
    """The Idempotency-Key was used for another request."""

    status = 422
    code = "idempotency_key_reuse"
    message = "This Idempotency-Key was used with another body; use a new key"


class InvalidIdempotencyKey(InvalidRequest):
    """The Idempotency-Key is not what one may be."""

    sites_code = "INVALID_IDEMPOTENCY_KEY"


class _RetryLater(ApiError):
    def __init__(self, message: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """When to come back, in seconds."""
        return {"Retry-After": str(self.retry_after)}


class TooManyRequests(_RetryLater):
    """A limit is exhausted."""

    status = 429
    code = "rate_limit_exceeded"
    message = "Too many requests, please slow down"


class InternalError(ApiError):
    """Our fault; the log knows more than the answer."""


class ServiceUnavailable(_RetryLater):
    """Something that we stand on is down or throttled; nothing was changed."""

    status = 503
    code = "service_unavailable"
    message = "The service is busy; try again shortly"
