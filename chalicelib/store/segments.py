"""Where the pages of a long list begin, so that one in its middle costs no more than its rows.

Ids sort by their making, so a place counted from the oldest moves only when an older one goes. The
counter of a list therefore keeps segments from its oldest end: ``ends``, the ids at which each
ends, and ``sizes``, how many are in it. Rows made since the last end are the tail. A row that is
removed from a segment is taken off its size in the same transaction; the tail is divided into
further segments now and then, after a row was made.
"""

import logging
import zlib
from bisect import bisect_right
from itertools import islice
from typing import TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from .. import clock, ids
from ..errors import ServiceUnavailable
from . import counters
from .counters import Counter
from .items import Resource
from .transaction import Transaction

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Resource)

SIZE = 256
AT_ONCE = 4
ONE_IN = 64
SETTLED_MS = 60_000  # a transaction that began earlier is over: no older id will come


def add(tx: Transaction, resource: Resource) -> None:
    """Make a resource, counted; of every 64, one divides the tail after it."""
    tx.create(resource)
    counters.add(tx, resource.tenant, resource.KIND, 1)
    if zlib.crc32(resource.id.encode()) % ONE_IN == 0:
        tx.after(lambda: _extend_safely(type(resource), resource.tenant))


def remove(tx: Transaction, resource: Resource, gone: Exception | None = None) -> None:
    """Delete a resource, counted; ``gone`` is raised when another call just did."""
    tx.delete(resource, type(resource).pk.exists() if gone else None, gone)
    found = counters.look(resource.tenant, resource.KIND)
    less: list[Action] = [Counter.total.add(-1), Counter.removals.add(1)]
    place = bisect_right(found.ends, _short(resource.id))
    if place < len(found.ends):
        less.append(Counter.sizes[place].set(Counter.sizes[place] - 1))
    key = counters.key(resource.tenant, resource.KIND)
    tx.upsert(key, *less, condition=_as_seen(found), otherwise=ServiceUnavailable())


def newest(kind: type[R], tenant: str, offset: int, limit: int) -> tuple[list[R], int]:
    """So many of a tenant's resources after the newest ``offset``, and how many there are."""
    found = counters.look(tenant, kind.KIND)
    total = int(found.total)
    if offset >= total and offset > 0:
        return [], total
    before, skip = _begin(found, offset)
    older = None if before is None else kind.sk < f"{kind.KIND}_{before}"
    rows = kind.query(
        kind.partition(tenant),
        older,
        scan_index_forward=False,
        limit=skip + limit,
        consistent_read=True,
    )
    page = list(islice(rows, skip, None))
    if skip > AT_ONCE * SIZE:
        _extend_safely(kind, tenant)
    return page, total


def _begin(found: Counter, offset: int) -> tuple[str | None, int]:
    """Before which id a page at this offset begins, None for the newest, and how many to skip."""
    skip = offset - (int(found.total) - sum(found.sizes))
    if skip < 0:
        return None, offset
    for end, size in zip(reversed(found.ends), reversed(found.sizes), strict=True):
        if skip < size:
            return end, skip
        skip -= int(size)
    return None, offset


def _extend_safely(kind: type[Resource], tenant: str) -> None:
    """Extend; what goes wrong is for the log, since nothing of the request depends on it."""
    try:
        extend(kind, tenant)
    except Exception:
        log.exception("segments not extended", extra={"kind": kind.KIND})


def extend(kind: type[Resource], tenant: str) -> bool:
    """Divide the oldest of the tail into up to four segments; whether there may be more."""
    found = counters.look(tenant, kind.KIND)
    newer = kind.sk >= f"{kind.KIND}_{found.ends[-1]}" if found.ends else None
    most = AT_ONCE * SIZE + 1
    rows = kind.query(kind.partition(tenant), newer, limit=most, consistent_read=True)
    settled = [_short(row.id) for row in rows if _is_settled(row.id)]
    ends = settled[SIZE::SIZE]
    if not ends:
        return False
    key = counters.key(tenant, kind.KIND)
    extended = key.change_if(
        _as_seen(found) & _none_removed_since(found),
        Counter.ends.set((Counter.ends | []).append(ends)),
        Counter.sizes.set((Counter.sizes | []).append([SIZE] * len(ends))),
    )
    return extended and len(ends) == AT_ONCE


def _as_seen(found: Counter) -> Condition:
    """That the list has not been divided further."""
    known = len(found.ends)
    if known == 0:
        return Counter.ends.does_not_exist()
    same: Condition = Counter.ends[known - 1].exists() & Counter.ends[known].does_not_exist()
    return same


def _none_removed_since(found: Counter) -> Condition:
    present = Counter.removals == found.removals
    return present if found.removals else Counter.removals.does_not_exist() | present


def _short(typeid: str) -> str:
    """The part of an id that sorts."""
    return typeid.rpartition("_")[2]


def _is_settled(typeid: str) -> bool:
    return ids.made_at_ms(typeid) < clock.now_ms() - SETTLED_MS
