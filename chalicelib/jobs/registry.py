"""Which function does which kind of job."""

from collections.abc import Callable
from dataclasses import dataclass

from ..store.transaction import Transaction
from .job import Job


class LookAgain(Exception):
    """What the handler read has changed meanwhile: do the attempt again at once."""


@dataclass(frozen=True)
class Again:
    """The job is not over: come back after so many seconds, or when woken."""

    seconds: float


Outcome = Again | None
Handle = Callable[[Job, Transaction], Outcome]
GiveUp = Callable[[Job, Transaction], None]


@dataclass(frozen=True)
class Kind:
    """How a kind of job is done, and what is staged when it is given up."""

    handle: Handle
    give_up: GiveUp | None


KINDS: dict[str, Kind] = {}


def handler(kind: str, *, give_up: GiveUp | None = None) -> Callable[[Handle], Handle]:
    """Declare the function that does this kind of job.

    It stages its writes in the transaction it is given; they are committed together with the end
    of the attempt, under the fence of the lease. ``give_up`` stages what the owner is to see when
    the job has failed for good.
    """

    def register(handle: Handle) -> Handle:
        KINDS[kind] = Kind(handle, give_up)
        return handle

    return register
