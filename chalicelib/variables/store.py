"""The variables of a service, as one encrypted document with a version."""

import json
from dataclasses import asdict, dataclass
from typing import ClassVar

from pynamodb.attributes import BinaryAttribute, NumberAttribute

from .. import clock
from ..errors import Outdated
from ..security import encryption
from ..store.items import Resource
from ..store.transaction import Transaction


@dataclass(frozen=True)
class Variable:
    """One variable; a secret's value is shown only to who may reveal it."""

    value: str
    is_secret: bool = False


Variables = dict[str, Variable]


class Document(Resource):
    """All variables of a service: ``sk`` is the service's id."""

    KIND: ClassVar[str] = "var"

    sealed = BinaryAttribute(legacy_encoding=False)
    version = NumberAttribute()


def read(tenant: str, service_id: str) -> tuple[Variables, int]:
    """The variables and their version; none and 0 before the first write."""
    document = Document.of(tenant, service_id)
    if document is None:
        return {}, 0
    plain = encryption.decrypt(tenant, _owner(service_id), document.sealed)
    found = {key: Variable(**fields) for key, fields in json.loads(plain).items()}
    return found, int(document.version)


def replace(
    tx: Transaction, tenant: str, service_id: str, variables: Variables, version: int
) -> None:
    """Put the variables in place of those read with ``version``; ``Outdated`` if others came."""
    plain = json.dumps({key: asdict(one) for key, one in variables.items()}).encode()
    document = Document.new(
        tenant,
        service_id,
        sealed=encryption.encrypt(tenant, _owner(service_id), plain),
        version=version + 1,
    )
    unchanged = Document.version == version if version else Document.pk.does_not_exist()
    document.updated_at = clock.now_ms()
    tx.put(document, unchanged, Outdated())


def remove(tx: Transaction, tenant: str, service_id: str) -> None:
    """Delete the variables of a service that goes."""
    tx.delete(Document(Document.partition(tenant), service_id))


def _owner(service_id: str) -> str:
    return f"variables {service_id}"
