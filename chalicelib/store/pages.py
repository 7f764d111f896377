"""Pages of the resources of one parent, newest first."""

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

from .items import Resource, under

R = TypeVar("R", bound=Resource)


def children(kind: type[R], tenant: str, parent_id: str, offset: int, limit: int) -> list[R]:
    """The resources of a kind under one parent: one read of the index, one of the items."""
    keys = kind.by_parent.query(
        kind.partition(tenant),
        kind.parent.startswith(under(parent_id, "")),
        scan_index_forward=False,
        limit=offset + limit,
        consistent_read=True,
    )
    return _fetch(kind, [(key.pk, key.sk) for key in islice(keys, offset, None)])


def _fetch(kind: type[R], keys: Sequence[tuple[str, str]]) -> list[R]:
    """The items of these keys, in their order; one that has gone meanwhile is left out."""
    found = {item.sk: item for item in kind.batch_get(list(keys), consistent_read=True)}
    return [found[sk] for _, sk in keys if sk in found]
