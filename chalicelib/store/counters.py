"""How many there are of something, counted in the transactions that make and remove them."""

from pynamodb.attributes import NumberAttribute

from .items import Item, table
from .transaction import Transaction


class Counter(Item):
    """``pk`` is the tenant's counters, ``sk`` what is counted: ``prj``, ``dep#svc_…``."""

    class Meta:
        table_name = table("resources")

    total = NumberAttribute()


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
    tx.upsert(_counter(tenant, name), Counter.total.add(change), condition=rule, otherwise=full)


def drop(tx: Transaction, tenant: str, name: str) -> None:
    """Forget a count whose parent is gone."""
    tx.delete(_counter(tenant, name))


def read(tenant: str, name: str) -> int:
    """The present count."""
    found = Counter.find(f"{tenant}#count", name)
    return int(found.total) if found else 0


def _counter(tenant: str, name: str) -> Counter:
    return Counter(f"{tenant}#count", name)
