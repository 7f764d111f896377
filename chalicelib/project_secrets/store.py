"""The secrets of a project, one encrypted document. Access path: by the project."""

from dataclasses import asdict, dataclass, field
from typing import ClassVar, NamedTuple

from pynamodb.attributes import BinaryAttribute, NumberAttribute

from .. import clock, ids
from ..errors import Outdated
from ..security import documents
from ..store.items import Resource
from ..store.transaction import Transaction


@dataclass(frozen=True)
class Secret:
    """A value for a key in a scope. Times are epoch milliseconds."""

    key: str
    scope: str
    value: str = field(repr=False)
    is_secret: bool = True
    id: str = field(default_factory=lambda: ids.new("sec"))
    created_at: int = field(default_factory=clock.now_ms)
    updated_at: int = field(default_factory=clock.now_ms)


Secrets = dict[tuple[str, str], Secret]
"""By key and scope."""


@dataclass(frozen=True)
class Vault:
    """The secrets of a project; version 0 is none."""

    project_id: str
    secrets: Secrets = field(default_factory=dict)
    version: int = 0


class Held(NamedTuple):
    """A secret among those that it was read with: who changes it changes them."""

    vault: Vault
    secret: Secret


class _Document(Resource):
    """``sk`` is the project's id."""

    KIND: ClassVar[str] = "sec"

    sealed = BinaryAttribute(legacy_encoding=False)
    version = NumberAttribute()


def read(tenant: str, project_id: str) -> Vault:
    """The secrets of a project; none before the first write."""
    document = _Document.of(tenant, project_id)
    if document is None:
        return Vault(project_id)
    rows = documents.unseal(tenant, _owner(project_id), document.sealed)
    found = [Secret(**one) for one in rows]
    return Vault(project_id, {(one.key, one.scope): one for one in found}, int(document.version))


def write(tx: Transaction, tenant: str, vault: Vault) -> None:
    """Put the secrets in the place of those they were made from, by their version.

    ``Outdated`` is raised when others were written meanwhile.
    """
    rows = [asdict(one) for one in vault.secrets.values()]
    document = _Document.new(
        tenant,
        vault.project_id,
        sealed=documents.seal(tenant, _owner(vault.project_id), rows),
        version=vault.version + 1,
    )
    new = _Document.pk.does_not_exist()
    tx.put(document, _Document.version == vault.version if vault.version else new, Outdated())


def hold(tx: Transaction, tenant: str, vault: Vault) -> None:
    """Let who changes the secrets at the same time begin again: others are about to use them."""
    document = _Document(_Document.partition(tenant), vault.project_id)
    unchanged = _Document.version == vault.version
    tx.update(document, _Document.version.add(1), condition=unchanged, otherwise=Outdated())


def remove(tx: Transaction, tenant: str, project_id: str) -> None:
    """Delete the secrets of a project that goes."""
    tx.delete(_Document(_Document.partition(tenant), project_id))


def _owner(project_id: str) -> str:
    return f"secrets {project_id}"
