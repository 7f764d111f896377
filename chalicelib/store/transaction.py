"""The unit of work: writes that are committed together or not at all."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError
from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from .. import clock
from ..aws import is_passing
from ..errors import Conflict, NotFound, Outdated, ServiceUnavailable
from ..settings import settings
from .items import Item, Resource, share_wire

ATTEMPTS = 6
BACKOFF_SECONDS = 0.02
_PASSING_REASONS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


@dataclass
class _Write:
    apply: Callable[[TransactWrite], None]
    otherwise: Exception


@dataclass
class Transaction:
    """Stages writes, then commits them once.

    Every write names the error that the caller gets when its condition does not hold. What must
    happen after the commit, such as sending a message, is given to ``after``.
    """

    _kinds: dict[str, list[_Write]] = field(
        default_factory=lambda: {"check": [], "delete": [], "put": [], "update": []}
    )
    _after: list[Callable[[], None]] = field(default_factory=list)
    _witness: Item | None = None

    def create(
        self, item: Item, otherwise: Exception | None = None, free: Condition | None = None
    ) -> None:
        """Put an item that must not exist yet, or whose place is ``free``."""
        self._witness = self._witness or item
        self.put(item, type(item).pk.does_not_exist() if free is None else free, otherwise)

    def put(
        self, item: Item, condition: Condition | None = None, otherwise: Exception | None = None
    ) -> None:
        """Put an item, replacing what is there."""
        self._stage("put", lambda write: write.save(item, condition), otherwise)

    def update(
        self,
        item: Item,
        *actions: Action,
        condition: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Change attributes of an item that must exist."""
        exists = type(item).pk.exists()
        rule = exists if condition is None else exists & condition
        self._stage("update", lambda write: write.update(item, list(actions), rule), otherwise)

    def change(
        self,
        resource: Resource,
        changes: dict[str, Any],
        condition: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Set attributes by name (None removes one), also of the object in hand."""
        actions: list[Action] = []
        for name, value in {**changes, "updated_at": clock.now_ms()}.items():
            setattr(resource, name, value)
            attribute = getattr(type(resource), name)
            actions.append(attribute.remove() if value is None else attribute.set(value))
        self.update(resource, *actions, condition=condition, otherwise=otherwise or NotFound())

    def upsert(
        self,
        item: Item,
        *actions: Action,
        condition: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Change attributes of an item, which is made when it is not there."""
        self._stage("update", lambda write: write.update(item, list(actions), condition), otherwise)

    def delete(
        self, item: Item, condition: Condition | None = None, otherwise: Exception | None = None
    ) -> None:
        """Delete an item."""
        self._stage("delete", lambda write: write.delete(item, condition), otherwise)

    def require(self, item: Item, condition: Condition, otherwise: Exception) -> None:
        """Commit only while another item is as it should be."""
        self._stage(
            "check",
            lambda write: write.condition_check(type(item), item.pk, item.sk, condition),
            otherwise,
        )

    def after(self, action: Callable[[], None]) -> None:
        """Run this once the writes are committed."""
        self._after.append(action)

    def commit(self) -> None:
        """Commit. Raises the error of the first condition that does not hold, an ``Outdated``
        before all others, or ``ServiceUnavailable`` when the store stays busy; nothing was written
        then."""
        if any(self._kinds.values()):
            self._commit_writes()
        for action in self._after:
            action()

    def _stage(
        self, kind: str, apply: Callable[[TransactWrite], None], otherwise: Exception | None
    ) -> None:
        self._kinds[kind].append(_Write(apply, otherwise or Conflict()))

    def _writes(self) -> list[_Write]:
        """The writes in the order in which DynamoDB answers about them."""
        return [write for staged in self._kinds.values() for write in staged]

    def _commit_writes(self) -> None:
        for attempt in range(ATTEMPTS):
            try:
                self._send()
            except (TransactWriteError, BotoCoreError) as error:
                if self._is_there(error):
                    return
                time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 (jitter)
            else:
                return
        raise ServiceUnavailable

    def _send(self) -> None:
        with TransactWrite(connection=_connection()) as write:
            for staged in self._writes():
                staged.apply(write)

    def _is_there(self, error: TransactWriteError | BotoCoreError) -> bool:
        """True when our writes are there after all, False when another attempt may help."""
        failed = _failed_conditions(error)
        if not failed:
            return False
        if self._witnessed():
            return True
        writes = self._writes()
        raise _telling([writes[index].otherwise for index in failed]) from None

    def _witnessed(self) -> bool:
        """Whether an attempt whose answer was lost had written: what we created is there."""
        item = self._witness
        if item is None:
            return False
        found = type(item).find(item.pk, item.sk)
        return found is not None and found.serialize() == item.serialize()


@cache
def _connection() -> Connection:
    return share_wire(Connection(region=settings().region))


def _telling(failures: list[Exception]) -> Exception:
    """The one to raise of several: what follows from outdated knowledge says nothing."""
    return next((each for each in failures if isinstance(each, Outdated)), failures[0])


def _failed_conditions(error: TransactWriteError | BotoCoreError) -> list[int]:
    """The indexes of the writes whose conditions failed; none when the fault is passing.

    Any other error is raised: it is a fault of ours.
    """
    if isinstance(error, BotoCoreError):
        return []
    codes = [reason.code if reason else None for reason in error.cancellation_reasons]
    failed = [index for index, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if failed or is_passing(error) or _PASSING_REASONS.intersection(codes):
        return failed
    raise error
