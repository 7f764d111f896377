"""Resource ids: TypeIDs inside, and the spelling each surface writes.

A TypeID is a prefix and the base32 of a UUIDv7 (https://github.com/jetify-com/typeid), so ids
sort by the time they were made. Every path accepts the TypeID or the bare UUID.
"""

import secrets
import time

import uuid_utils
from typeid import TypeID
from typeid.core.errors import TypeIDException

KINDS = {
    "usr": "user",
    "wks": "workspace",
    "prj": "project",
    "svc": "web service",
    "dep": "deployment",
    "key": "API key",
    "job": "job",
    "req": "request",
    "ses": "session",
    "aud": "entry of the audit log",
    "ivt": "invitation",
    "whk": "webhook",
    "dlv": "delivery",
    "evt": "event",
    "var": "variable",
    "sec": "secret",
    "bnd": "secret binding",
}


def new(prefix: str) -> str:
    """A new TypeID of this kind."""
    return str(TypeID.from_uuid(_uuid7(), prefix))


def _uuid7() -> uuid_utils.UUID:
    """A UUIDv7 whose 12 bits after the milliseconds hold their fraction (RFC 9562 §6.2, method 3).

    Ids made one after the other in one process therefore sort in that order.
    """
    ms, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return uuid_utils.UUID(int=ms << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62))


def parse(prefix: str, text: str) -> str:
    """The TypeID that ``text`` spells, as TypeID or canonical UUID.

    Raises ``ValueError`` when it is malformed or of another kind.
    """
    try:
        if len(text) == 36:
            return str(TypeID.from_uuid(_canonical(text), prefix))
        found = TypeID.from_string(text)
    except (TypeIDException, ValueError) as error:
        raise ValueError(
            f"must be the id of a {KINDS[prefix]}, like {prefix}_… or a UUID"
        ) from error
    if found.prefix != prefix:
        raise ValueError(f"must be the id of a {KINDS[prefix]}: it begins with {prefix}_")
    return text


def _canonical(text: str) -> uuid_utils.UUID:
    found = uuid_utils.UUID(text)
    if str(found) != text.lower():
        raise ValueError(text)
    return found


def to_uuid(typeid: str) -> str:
    """The UUID behind a TypeID, in canonical form."""
    return str(TypeID.from_string(typeid).uuid)


def first_at(prefix: str, ms: int) -> str:
    """The id that sorts before all that are made from this moment on (epoch milliseconds)."""
    return str(TypeID.from_uuid(uuid_utils.UUID(int=ms << 80 | 7 << 76 | 2 << 62), prefix))


def made_at_ms(typeid: str) -> int:
    """When an id was made, in epoch milliseconds: the first 48 bits of its UUIDv7."""
    return int(TypeID.from_string(typeid).uuid.int >> 80)
