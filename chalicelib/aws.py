"""The AWS clients, one a service, and the session that the whole process shares."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from .settings import settings

_PASSING_CODES = {
    "InternalFailure",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}


@cache
def client(service: str) -> Any:
    """The client of an AWS service; clients are thread-safe."""
    return _make_client(service)


def client_as(service: str, credentials: Mapping[str, Any]) -> Any:
    """A client that acts by credentials of STS, as its answers hold them."""
    return _make_client(
        service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def _make_client(service: str, **credentials: str) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
        # What a URL of the older signature leads to must not be encrypted by KMS.
        signature_version="s3v4" if service == "s3" else None,
    )
    where = {"region_name": settings().region, "config": config}
    return _client_session().create_client(service, **where, **credentials)


@cache
def _client_session() -> Any:
    from botocore.session import get_session

    return get_session()


@cache
def session() -> Any:
    """A botocore session for calls without a client: credentials, and events that may answer.

    Of botocore's hundred and more handlers, which take as long to register as the rest of a cold
    request, it has but those of ``before-send``, by which the local run answers in AWS's place.
    """
    from botocore.handlers import BUILTIN_HANDLERS
    from botocore.session import Session

    made = Session(include_builtin_handlers=False)
    for event, handler, *_ in BUILTIN_HANDLERS:
        if event == "before-send":
            made.register(event, handler)
    return made


def is_passing(error: BaseException | None) -> bool:
    """Whether an AWS call failed in a way that a later attempt may not: throttled, no answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response.get("Error", {}).get("Code") in _PASSING_CODES
    cause: BaseException | None = getattr(error, "cause", None)
    return isinstance(error, BotoCoreError) or (cause is not None and is_passing(cause))
