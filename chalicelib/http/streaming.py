"""Logs that are followed: a front that can stream takes over once the operation has answered.

API Gateway cannot stream, so a Lambda function has no such front.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import InvalidRequest, Unauthorized
from .call import Call

CANNOT = "this installation cannot stream; ask again with since=…"


@dataclass(frozen=True)
class Following:
    """A log of the engine, from its last ``tail`` lines on, or from its beginning.

    ``ended`` says how it ended; None as long as it may go on. Once it was handed over, that raises
    ``Unauthorized`` when its reader may read no more.
    """

    kind: Literal["service", "build"]
    id: str
    ended: Callable[[], str | None]
    tail: int | None = None
    since: int | None = None


_front: ContextVar[list[Following] | None] = ContextVar("front", default=None)


@contextmanager
def offered() -> Iterator[list[Following]]:
    """Offer to stream the answer to the request that is handled within; filled if it shall be."""
    wanted: list[Following] = []
    token = _front.set(wanted)
    try:
        yield wanted
    finally:
        _front.reset(token)


def hand_over(call: Call, following: Following) -> None:
    """Let the front go on from here. Raises ``InvalidRequest`` where there is none."""
    front = _front.get()
    if front is None:
        raise InvalidRequest.field("follow", CANNOT)
    front.append(replace(following, ended=_for_the_admitted(call, following.ended)))


def _for_the_admitted(call: Call, ended: Callable[[], str | None]) -> Callable[[], str | None]:
    def guarded() -> str | None:
        if not call.is_admitted():
            raise Unauthorized
        return ended()

    return guarded
