"""Waiting for a deployment to end, at most three waiters a workspace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pynamodb.attributes import NumberAttribute

from .. import clock
from ..errors import NotFound, TooManyRequests
from ..http.call import Call
from ..store.items import Item, table
from .service import TERMINAL
from .store import Deployment

MOST_WAITING = 3
LOOK_SECONDS = 0.5
LONGEST_WAIT = 25


class _Seat(Item):
    """One of a workspace's places to wait in; one left behind is free after its time."""

    class Meta:
        table_name = table("workspaces")

    expires_at = NumberAttribute()


def wait(call: Call, deployment: Deployment, seconds: int) -> Deployment:
    """The deployment when it is over, or as it is after so many seconds.

    Raises ``TooManyRequests`` when three others of the workspace wait.
    """
    if seconds == 0 or deployment.status in TERMINAL:
        return deployment
    with _seat(call.tenant):
        return _watch(deployment, time.monotonic() + seconds)


def _watch(deployment: Deployment, until: float) -> Deployment:
    while deployment.status not in TERMINAL and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        found = Deployment.of(deployment.tenant, deployment.id)
        if found is None:
            raise NotFound
        deployment = found
    return deployment


@contextmanager
def _seat(tenant: str) -> Iterator[None]:
    taken = next((seat for seat in _seats(tenant) if _take(seat)), None)
    if taken is None:
        text = f"{MOST_WAITING} calls of this workspace wait already; poll without wait"
        raise TooManyRequests(text, LONGEST_WAIT)
    try:
        yield
    finally:
        taken.delete()


def _seats(tenant: str) -> list[_Seat]:
    return [_Seat(tenant, f"waiting#{number}") for number in range(MOST_WAITING)]


def _take(seat: _Seat) -> bool:
    free = _Seat.pk.does_not_exist() | (_Seat.expires_at < clock.now())
    return seat.change_if(free, _Seat.expires_at.set(clock.now() + LONGEST_WAIT + 5))
