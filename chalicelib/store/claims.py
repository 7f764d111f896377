"""Names that only one may hold: e-mail addresses, host names, names within a parent.

A claim is an item whose key is the name; taking it is a condition, so two at once cannot both
have it.
"""

from pynamodb.attributes import UnicodeAttribute

from ..errors import Conflict
from .items import Item, table
from .transaction import Transaction


class Claim(Item):
    """``pk`` is the kind and the name, ``owner`` who holds it."""

    class Meta:
        table_name = table("claims")

    owner = UnicodeAttribute()


def take(tx: Transaction, name: str, owner: str, otherwise: Exception | None = None) -> None:
    """Take the name in this transaction; ``otherwise`` is raised when another holds it."""
    tx.create(_claim(name, owner), otherwise or Conflict(f"{name} is taken"))


def release(tx: Transaction, name: str, owner: str) -> None:
    """Give the name back; whoever else holds it keeps it."""
    rule = Claim.pk.does_not_exist() | (Claim.owner == owner)
    tx.delete(_claim(name, owner), rule)


def owner(name: str) -> str | None:
    """Who holds the name."""
    found = Claim.find(name, "claim")
    return found.owner if found else None


def _claim(name: str, owner: str) -> Claim:
    return Claim(name, "claim", owner=owner)
