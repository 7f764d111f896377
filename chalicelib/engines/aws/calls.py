"""Calls of AWS: what is refused but expected is None, all else can be tried again."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ... import aws
from ..base import EngineUnavailable

MISSING = frozenset({"ResourceNotFoundException", "NoSuchKey", "404"})
EXISTS = frozenset({"ResourceConflictException", "ResourceAlreadyExistsException"})
CHANGED = frozenset({"ResourceConflictException", "PreconditionFailedException"})


class NoAnswer(EngineUnavailable):
    """The call may have been done or not; nobody said."""


def ask(
    service: str, operation: str, *, unless: Collection[str] = (), **arguments: Any
) -> dict[str, Any] | None:
    """The answer of a call; None when it is refused with one of the codes ``unless``.

    Raises ``NoAnswer``, or ``EngineUnavailable`` with the code and message as its reason.
    """
    return _answer(aws.client(service), service, operation, unless, arguments)


def _answer(
    client: Any, service: str, operation: str, unless: Collection[str], arguments: dict[str, Any]
) -> dict[str, Any] | None:
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    try:
        answer: dict[str, Any] = getattr(client, operation)(**arguments)
    except ParamValidationError:
        raise
    except ClientError as error:
        said = error.response.get("Error", {})
        if said.get("Code") in unless:
            return None
        reason = f"{service} {operation}: {said.get('Code')}: {said.get('Message')}"
        raise EngineUnavailable(reason) from error
    except BotoCoreError as error:
        raise NoAnswer(f"{service} {operation}: {error!r}") from error
    return answer


def tell(service: str, operation: str, **arguments: Any) -> dict[str, Any]:
    """The answer of a call of which no refusal is expected; raises as ``ask`` does."""
    return ask(service, operation, **arguments) or {}


def tell_as(
    credentials: Mapping[str, Any], service: str, operation: str, **arguments: Any
) -> dict[str, Any]:
    """The same, called with STS's credentials of another role."""
    client = aws.client_as(service, credentials)
    return _answer(client, service, operation, (), arguments) or {}


def pages(
    service: str, operation: str, markers: tuple[str, str], **arguments: Any
) -> Iterator[dict[str, Any]]:
    """All pages of a listing; none of what is missing. ``markers``: as answered, as asked."""
    answered, asked = markers
    page = ask(service, operation, unless=MISSING, **arguments)
    while page is not None:
        yield page
        if not page.get(answered):
            return
        page = ask(service, operation, unless=MISSING, **arguments, **{asked: page[answered]})
