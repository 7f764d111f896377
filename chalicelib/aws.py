"""One botocore session and one client a service, shared by the whole process."""

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
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return session().create_client(service, region_name=settings().region, config=config)


@cache
def session() -> Any:
    """The botocore session: credentials, clients and events come from it."""
    from botocore.session import get_session

    return get_session()


def is_passing(error: BaseException | None) -> bool:
    """Whether an AWS call failed in a way that a later attempt may not: throttled, no answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response.get("Error", {}).get("Code") in _PASSING_CODES
    cause: BaseException | None = getattr(error, "cause", None)
    return isinstance(error, BotoCoreError) or (cause is not None and is_passing(cause))
