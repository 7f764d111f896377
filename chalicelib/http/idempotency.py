"""Idempotency-Key: a POST that is sent again gets the first answer again.

The record is written in the transaction of the request, with the answer encrypted in it, since that
may show a secret once. So there is a record exactly if there is an effect: of many at once one
commits, and the others find its record; after a crash or a lost answer, so does the retry.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from .. import clock, ids
from ..errors import Conflict, FieldError, IdempotencyKeyReuse, InvalidIdempotencyKey
from ..security import encryption
from ..store.items import Resource
from .call import Call
from .routes import Route

KEPT_SECONDS = 86_400
HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}


@dataclass(frozen=True)
class Request:
    """A request by its key: ``name`` is the same for the same key, method and path; ``print`` for
    the same body and query."""

    name: str
    print: str

    @classmethod
    def of(cls, call: Call, route: Route, params: dict[str, str]) -> Self | None:
        """The request, if it has a key that counts. Raises ``InvalidIdempotencyKey``."""
        key = call.headers.get(HEADER.lower())
        if key is None or call.method != "POST" or call.known_caller is None:
            return None
        if not 1 <= len(key) <= 255 or not all("!" <= letter <= "~" for letter in key):
            raise InvalidIdempotencyKey(
                f"{HEADER}: must be 1 to 255 visible ASCII characters",
                [FieldError(HEADER, "must be 1 to 255 visible ASCII characters")],
            )
        scope = [call.caller.project_id, route.path, _spelled(route, params), key]
        return cls(_digest(scope), _digest([_content(call.raw_body), call.query]))


@dataclass(frozen=True)
class Kept:
    """The answer that was given."""

    status: int
    text: str


class _Record(Resource):
    """What was answered: ``sk`` is the request's name."""

    KIND: ClassVar[str] = "idm"

    print = UnicodeAttribute()
    status = NumberAttribute()
    sealed = BinaryAttribute(legacy_encoding=False)
    expires_at = NumberAttribute()


def kept(call: Call, request: Request) -> Kept | None:
    """The answer that the request was given within a day.

    Raises ``IdempotencyKeyReuse`` when its key was used for another.
    """
    record = _Record.of(call.tenant, request.name)
    if record is None or record.expires_at <= clock.now():
        return None
    if record.print != request.print:
        raise IdempotencyKeyReuse
    text = encryption.decrypt(call.tenant, _owner(request), record.sealed).decode()
    return Kept(int(record.status), text)


def keep(call: Call, request: Request, status: int, text: str) -> None:
    """Keep the answer in the call's transaction; ``Conflict`` when another call was faster."""
    record = _Record.new(
        call.tenant,
        request.name,
        print=request.print,
        status=status,
        sealed=encryption.encrypt(call.tenant, _owner(request), text.encode()),
        expires_at=clock.now() + KEPT_SECONDS,
    )
    free = _Record.pk.does_not_exist() | (_Record.expires_at <= clock.now())
    call.tx.create(record, Conflict("A request with this Idempotency-Key was just made"), free)


def _spelled(route: Route, params: dict[str, str]) -> list[str]:
    """The path's parameters, ids in one spelling."""
    prefixes = {source.name: source.prefix for source in route.resources.values()}
    return [_typeid(prefixes.get(name, ""), params[name]) for name in sorted(params)]


def _typeid(prefix: str, text: str) -> str:
    try:
        return ids.parse(prefix, text) if prefix else text
    except ValueError:
        return text


def _content(body: bytes) -> str:
    """The body, however its JSON is spaced and ordered."""
    try:
        return json.dumps(json.loads(body or b"{}"), sort_keys=True)
    except (ValueError, RecursionError):
        return body.hex()


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _owner(request: Request) -> str:
    return f"answer {request.name}"
