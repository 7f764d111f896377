"""Which part of a list is asked for, and the list that answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import InvalidRequest

S = TypeVar("S")


@dataclass(frozen=True)
class Page:
    """``limit`` rows, after the first ``offset``."""

    offset: int
    limit: int


@dataclass(frozen=True)
class Listing(Generic[S]):
    """The rows of a page, newest first, and how many there are in all."""

    rows: list[S]
    total: int
    page: Page


def read_number(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number of the query. Raises ``InvalidRequest`` when it is out of range."""
    text = query.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else low - 1
    if not low <= number <= high:
        raise InvalidRequest.field(name, f"must be a whole number from {low} to {high}")
    return number
