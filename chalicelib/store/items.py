"""The base of every PynamoDB model: one connection, keys that begin with their tenant."""

from typing import Any, ClassVar, Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model

from .. import clock
from ..settings import settings
from .wire import wire


def table(name: str) -> str:
    """The full name of a table of this installation."""
    return settings().table_prefix + name


def share_wire(connection: Connection) -> Connection:
    """Let a PynamoDB connection use the process's one way to DynamoDB.

    By itself each model makes a session and a botocore client of its own: 124 ms of a cold start.
    """
    connection._client = wire()
    return connection


class Item(Model):
    """What any table holds. ``pk`` and ``sk`` are its keys."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._connection is None or cls._connection.table_name != cls.Meta.table_name:
            share_wire(super()._get_connection().connection)
        return super()._get_connection()

    @classmethod
    def find(cls, pk: str, sk: str) -> Self | None:
        """The item with these keys, read consistently, or None."""
        try:
            return cls.get(pk, sk, consistent_read=True)
        except DoesNotExist:
            return None

    def change_if(self, condition: Condition, *actions: Action) -> bool:
        """Change the item by itself while the condition holds, and read it; whether it did."""
        try:
            self.update(actions=list(actions), condition=condition)
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            return False
        return True


class _ByParent(LocalSecondaryIndex[Any]):  # type: ignore[no-untyped-call] # PynamoDB's own
    """Resources in the order of their parents and, within one, of their making."""

    class Meta:
        index_name = "by_parent"
        projection = KeysOnlyProjection()

    pk = UnicodeAttribute(hash_key=True)
    parent = UnicodeAttribute(range_key=True)


class Resource(Item):
    """What a workspace owns: ``pk`` is tenant and kind, ``sk`` the TypeID.

    Access paths: by id; all of a kind in the order of making; those of one parent (``by_parent``).
    Times are epoch milliseconds.
    """

    class Meta:
        table_name = table("resources")

    KIND: ClassVar[str]

    parent = UnicodeAttribute(null=True)
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    by_parent = _ByParent()

    @classmethod
    def new(cls, tenant: str, resource_id: str, **fields: Any) -> Self:
        """A resource of this tenant, made now; not yet stored."""
        now = clock.now_ms()
        return cls(cls.partition(tenant), resource_id, created_at=now, updated_at=now, **fields)

    @classmethod
    def partition(cls, tenant: str) -> str:
        """The partition that holds the tenant's resources of this kind."""
        return f"{tenant}#{cls.KIND}"

    @classmethod
    def of(cls, tenant: str, resource_id: str) -> Self | None:
        """The tenant's resource with this id, or None."""
        return cls.find(cls.partition(tenant), resource_id)

    @property
    def id(self) -> str:
        """The TypeID."""
        return str(self.sk)

    @property
    def tenant(self) -> str:
        """Mode and workspace: ``live#wks_…``."""
        return str(self.pk).rsplit("#", 1)[0]


def under(parent_id: str, resource_id: str) -> str:
    """The ``parent`` key of a resource: children of one parent sort by their making."""
    return f"{parent_id}#{resource_id}"
