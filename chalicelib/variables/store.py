"""The configuration document of a service: its variables, encrypted, and its bindings.

Access paths: by the service; all of a project's, for who asks which services use a secret.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import ClassVar, NamedTuple

from pynamodb.attributes import BinaryAttribute, JSONAttribute, NumberAttribute

from .. import clock, ids
from ..errors import Outdated
from ..security import documents
from ..store import pages
from ..store.items import Resource, under
from ..store.transaction import Transaction


@dataclass(frozen=True)
class Variable:
    """One variable; a secret's value is shown only to who may reveal it. Times are epoch ms."""

    key: str
    value: str = field(repr=False)
    is_secret: bool = False
    id: str = field(default_factory=lambda: ids.new("var"))
    created_at: int = field(default_factory=clock.now_ms)
    updated_at: int = field(default_factory=clock.now_ms)


@dataclass(frozen=True)
class Binding:
    """A variable that takes the value of a project secret: of the ``secret_key``, in the scope
    that the service's environment chooses. ``project_secret_id`` is the one it was made with."""

    alias_key: str
    secret_key: str
    project_secret_id: str
    id: str = field(default_factory=lambda: ids.new("bnd"))
    created_at: int = field(default_factory=clock.now_ms)


Variables = dict[str, Variable]
"""By their keys."""


@dataclass(frozen=True)
class Settings:
    """What the document of a service holds; version 0 is none."""

    service_id: str
    project_id: str
    variables: Variables = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)
    version: int = 0


class Held(NamedTuple):
    """A variable among the settings that it was read with: who changes it changes those."""

    settings: Settings
    variable: Variable


class HeldBinding(NamedTuple):
    """A binding among the settings that it was read with."""

    settings: Settings
    binding: Binding


class Document(Resource):
    """``sk`` is the service's id, ``parent`` its project and it."""

    KIND: ClassVar[str] = "var"

    sealed = BinaryAttribute(legacy_encoding=False)
    bindings: JSONAttribute = JSONAttribute(default=list)
    version = NumberAttribute()


def read(tenant: str, service_id: str, project_id: str) -> Settings:
    """The settings of a service; none before the first write."""
    document = Document.of(tenant, service_id)
    if document is None:
        return Settings(service_id, project_id)
    rows = documents.unseal(tenant, _owner(service_id), document.sealed)
    found = [Variable(**one) for one in rows]
    return replace(_bound(document, project_id), variables={one.key: one for one in found})


def bindings_in(tenant: str, project_id: str, most: int) -> list[Settings]:
    """The bindings of a project's services, without their variables."""
    found = pages.children(Document, tenant, project_id, 0, most)
    return [_bound(document, project_id) for document in found]


def write(tx: Transaction, tenant: str, settings: Settings) -> None:
    """Put the settings in the place of those they were made from, by their version.

    ``Outdated`` is raised when others were written meanwhile.
    """
    version, rows = settings.version, [asdict(one) for one in settings.variables.values()]
    document = Document.new(
        tenant,
        settings.service_id,
        parent=under(settings.project_id, settings.service_id),
        sealed=documents.seal(tenant, _owner(settings.service_id), rows),
        bindings=[asdict(one) for one in settings.bindings.values()],
        version=version + 1,
    )
    unchanged = Document.version == version if version else Document.pk.does_not_exist()
    tx.put(document, unchanged, Outdated())


def remove(tx: Transaction, tenant: str, service_id: str) -> None:
    """Delete the settings of a service that goes."""
    tx.delete(Document(Document.partition(tenant), service_id))


def _bound(document: Document, project_id: str) -> Settings:
    bindings = {one["alias_key"]: Binding(**one) for one in document.bindings}
    return Settings(document.id, project_id, bindings=bindings, version=int(document.version))


def _owner(service_id: str) -> str:
    return f"variables {service_id}"
