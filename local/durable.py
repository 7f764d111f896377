"""Between moto and the journal: no write is answered that the journal does not have.

The operations are those that PutItem, UpdateItem, DeleteItem, BatchWriteItem and
TransactWriteItems stand for; nothing here writes by PartiQL.
"""

import base64
import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.kms.models import Key

from .journal import Images, Journal, Place

Tables = dict[str, Table]
Answer = tuple[int, dict[str, Any], Any]

REFUSED: Answer = (
    500,
    {},
    '{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError",'
    '"message":"The write cannot be kept."}',
)

log = logging.getLogger(__name__)


def restore(journal: Journal, tables: Tables) -> None:
    """Put the journal's items into the tables; those of a table that is no more are left out."""
    journal.drop_expired()
    for place, image in journal.items():
        if place[0] in tables:
            _put(tables, place, image)


def restore_key(journal: Journal, name: str, key: Key, keys: dict[str, Key]) -> None:
    """Make a new KMS key the one that the journal keeps under this name, or keep it now."""
    kept = journal.key(name)
    if kept is None:
        journal.keep_key(name, key.id, key.key_material)
        return
    del keys[key.id]
    key.arn = key.arn.replace(key.id, kept[0])
    key.id, key.key_material = kept
    keys[key.id] = key


def whole(call_action: Callable[[Any], Any], journal: Journal | None) -> Callable[[Any], Any]:
    """Record what each write leaves before its answer; one that fails leaves what was before."""

    @wraps(call_action)
    def durable(response: Any) -> Any:
        if not isinstance(response, DynamoHandler):
            return call_action(response)
        tables = response.dynamodb_backend.tables
        before = _images(tables, _touched(response, tables))
        try:
            answer = call_action(response)
        except BaseException:
            _put_back(tables, before)
            raise
        if answer[0] == 200 and not _is_recorded(journal, _changed(tables, before)):
            answer = REFUSED
        if answer[0] != 200:
            _put_back(tables, before)  # moto itself leaves half of some failed writes
        return answer

    return durable


def uncopied(table: Table, _: dict[int, Any]) -> Table:
    """For ``Table.__deepcopy__``: moto copies whole tables before each transaction, to roll back.

    That takes the longer the more they hold, and rolling back is done here.
    """
    return table


def _is_recorded(journal: Journal | None, images: Images) -> bool:
    if journal is None:
        return True
    try:
        journal.record(images)
    except sqlite3.Error:
        log.exception("the journal cannot be written")
        return False
    return True


def _changed(tables: Tables, before: Images) -> Images:
    after = _images(tables, before)
    return {place: image for place, image in after.items() if image != before[place]}


def _touched(response: Any, tables: Tables) -> set[Place]:
    written = _written(response._get_action(), response.body)
    found = ((tables[name], attributes) for name, attributes in written if name in tables)
    return {_place(*one) for one in found if one[1].keys() >= set(_key_names(one[0]))}


def _written(action: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables that a call writes to, each with the attributes that hold the item's key."""
    match action:
        case "PutItem" | "UpdateItem" | "DeleteItem":
            yield body["TableName"], _with_key(body)
        case "TransactWriteItems":
            for one in body["TransactItems"]:
                for part in one.values():
                    yield part["TableName"], _with_key(part)
        case "BatchWriteItem":
            for name, requests in body["RequestItems"].items():
                for one in requests:
                    for part in one.values():
                        yield name, _with_key(part)


def _with_key(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part.get("Item") or part.get("Key") or {}
    return found


def _key_names(table: Table) -> list[str]:
    return [name for name in (table.hash_key_attr, table.range_key_attr) if name]


def _place(table: Table, attributes: dict[str, Any]) -> Place:
    return table.name, _encoded([attributes[name] for name in _key_names(table)])


def _images(tables: Tables, places: Iterable[Place]) -> Images:
    return {place: _image(tables, place) for place in places}


def _image(tables: Tables, place: Place) -> str | None:
    hash_key, range_key = _keys(place)
    item = tables[place[0]].items.get(hash_key, {}).get(range_key)
    return _encoded(item.attrs) if item else None


def _put_back(tables: Tables, images: Images) -> None:
    for place, image in images.items():
        _put(tables, place, image)


def _put(tables: Tables, place: Place, image: str | None) -> None:
    hash_key, range_key = _keys(place)
    in_hash = tables[place[0]].items[hash_key]
    if image is None:
        in_hash.pop(range_key, None)
    else:
        in_hash[range_key] = Item(hash_key, range_key, _decoded(image))


def _keys(place: Place) -> list[DynamoType]:
    return [DynamoType(value) for value in _decoded(place[1])]


def _encoded(value: Any) -> str:
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> dict[str, Any]:
    """moto's values as JSON: it holds some binaries as bytes and some as text, each stays so."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return {value.type: value.value}


def _decoded(text: str) -> Any:
    return json.loads(text, object_hook=_with_bytes)


def _with_bytes(value: dict[str, Any]) -> dict[str, Any] | bytes:
    encoded = value.get("base64")
    return base64.b64decode(encoded) if isinstance(encoded, str) else value
