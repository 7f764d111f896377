"""One botocore session and one client a service, shared by the whole process."""

from contextvars import ContextVar
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
    "TransactionInProgressException",
}
dynamodb_calls: ContextVar[int] = ContextVar("dynamodb_calls", default=0)


@cache
def client(service: str) -> Any:
    """The client of an AWS service; clients are thread-safe."""
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
        parameter_validation=service != "dynamodb",
    )
    made = _session().create_client(service, region_name=settings().region, config=config)
    if service == "dynamodb":
        made.meta.events.register("before-send.dynamodb", _count)
    return made


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()


def is_passing(error: BaseException | None) -> bool:
    """Whether an AWS call failed in a way that a later attempt may not: throttled, no answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in _PASSING_CODES
    cause: BaseException | None = getattr(error, "cause", None)
    return isinstance(error, BotoCoreError) or (cause is not None and is_passing(cause))


def _count(**_: Any) -> None:
    dynamodb_calls.set(dynamodb_calls.get() + 1)
