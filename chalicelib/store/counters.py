"""How many there are of something, counted in the transactions that make and remove them."""

from typing import Any

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from .items import Item, table
from .transaction import Transaction


class Counter(Item):
    """``pk`` is the tenant's counters, ``sk`` what is counted: ``prj``, ``dep#svc_…``.

    ``ends``, ``sizes`` and ``removals`` are those of a long list's segments, see ``segments``.
    """

    class Meta:
        table_name = table("resources")

    total = NumberAttribute(default=0)
    ends: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    sizes: ListAttribute[Any] = ListAttribute(of=NumberAttribute, default=list)
    removals = NumberAttribute(default=0)


def add(
    tx: Transaction,
    tenant: str,
    name: str,
    change: int,
    *,
    most: int | None = None,
    full: Exception | None = None,
) -> None:
    """Count so many more (or fewer) in this transaction; ``full`` is raised beyond ``most``."""
    rule = None if most is None else Counter.total.does_not_exist() | (Counter.total < most)
    tx.upsert(key(tenant, name), Counter.total.add(change), condition=rule, otherwise=full)


def drop(tx: Transaction, tenant: str, name: str) -> None:
    """Forget a count whose parent is gone."""
    tx.delete(key(tenant, name))


def read(tenant: str, name: str) -> int:
    """The present count."""
    return int(look(tenant, name).total)


def look(tenant: str, name: str) -> Counter:
    """The counter as it is now; an empty one when nothing was counted."""
    return Counter.find(f"{tenant}#count", name) or key(tenant, name)


def key(tenant: str, name: str) -> Counter:
    """A counter of which only the key is known."""
    return Counter(f"{tenant}#count", name)
