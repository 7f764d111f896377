"""Webhooks and their deliveries.

Access paths: a webhook by id; all of a workspace, oldest first; a delivery by id; those of one
webhook, newest first or from a time on.
"""

from typing import Any, ClassVar

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions.condition import Condition

from .. import clock, ids
from ..errors import InvalidRequest, NotFound
from ..store import counters
from ..store.items import Resource
from ..store.transaction import Transaction

MOST_WEBHOOKS = 10


class Webhook(Resource):
    """An address and what it wants to hear of. Times are epoch milliseconds.

    ``sealed`` is the secret, encrypted; ``former`` the one before it, good until ``former_until``.
    ``failing_since``: when the first of the deliveries failed that have failed ever since.
    """

    KIND: ClassVar[str] = "whk"

    url = UnicodeAttribute()
    events: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute)
    description = UnicodeAttribute(null=True)
    is_enabled = BooleanAttribute(default=True)
    disabled_reason = UnicodeAttribute(null=True)
    failing_since = NumberAttribute(null=True)
    sealed = BinaryAttribute(legacy_encoding=False)
    former = BinaryAttribute(legacy_encoding=False, null=True)
    former_until = NumberAttribute(null=True)


class Delivery(Resource):
    """One event on its way to one webhook; kept until ``expires_at`` (epoch seconds).

    ``status``: pending, delivered or failed.
    ``job_id`` is the job that sends it now; ``tries`` how often that job has; ``attempts`` the
    last ones with what was answered; ``sent_headers`` those of the last.
    """

    KIND: ClassVar[str] = "dlv"

    webhook_id = UnicodeAttribute()
    event_id = UnicodeAttribute()
    event = UnicodeAttribute()
    body = UnicodeAttribute()
    status = UnicodeAttribute()
    job_id = UnicodeAttribute()
    tries = NumberAttribute(default=0)
    next_attempt_at = NumberAttribute(null=True)
    attempts: JSONAttribute = JSONAttribute(default=list)
    sent_headers: JSONAttribute = JSONAttribute(default=dict)
    expires_at = NumberAttribute()


def add(tx: Transaction, webhook: Webhook) -> None:
    """Store a new webhook. ``InvalidRequest`` when the workspace has as many as it may."""
    full = InvalidRequest(f"A workspace has at most {MOST_WEBHOOKS} webhooks; delete one first")
    tx.create(webhook)
    counters.add(tx, webhook.tenant, Webhook.KIND, 1, most=MOST_WEBHOOKS, full=full)


def remove(tx: Transaction, webhook: Webhook) -> None:
    """Delete a webhook; ``NotFound`` when another call just did."""
    tx.delete(webhook, Webhook.pk.exists(), NotFound())
    counters.add(tx, webhook.tenant, Webhook.KIND, -1)


def note_failure(webhook: Webhook) -> int | None:
    """Note since when it fails, if that is not noted yet; then that time, None if it is gone.

    It is written by itself: many deliveries of a webhook fail at once, and transactions on one
    item would hinder each other.
    """
    if webhook.failing_since is None:
        first = Webhook.pk.exists() & Webhook.failing_since.does_not_exist()
        webhook.change_if(first, Webhook.failing_since.set(clock.now_ms()))
    since = webhook.failing_since
    return None if since is None else int(since)


def note_success(webhook: Webhook) -> None:
    """Note that it does not fail any more."""
    if webhook.failing_since is not None:
        same = Webhook.failing_since == webhook.failing_since
        webhook.change_if(same, Webhook.failing_since.remove())


def disable(tx: Transaction, webhook: Webhook, reason: str, otherwise: Exception) -> None:
    """Disable a webhook that leads where it led when it was read, and fails since then."""
    since = Webhook.failing_since
    present = webhook.failing_since
    same = (Webhook.is_enabled == True) & (Webhook.url == webhook.url)  # noqa: E712
    same &= since == present if present is not None else since.does_not_exist()
    tx.change(webhook, {"is_enabled": False, "disabled_reason": reason}, same, otherwise)


def forget(tx: Transaction, tenant: str, most: int) -> bool:
    """Delete some webhooks of a workspace that is gone; whether there were any."""
    found = all_of(tenant)[:most]
    for webhook in found:
        tx.delete(webhook)
    return bool(found)


def all_of(tenant: str) -> list[Webhook]:
    """The webhooks of a workspace, oldest first."""
    return list(Webhook.query(Webhook.partition(tenant), consistent_read=True))


def delivery(tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
    """A delivery of a webhook, or None."""
    return Delivery.of(_scope(tenant, webhook_id), delivery_id)


def new_delivery(webhook: Webhook, **fields: Any) -> Delivery:
    """A delivery to this webhook; not yet stored."""
    return Delivery.new(_scope(webhook.tenant, webhook.id), ids.new(Delivery.KIND), **fields)


def newest(tenant: str, webhook_id: str, before: str | None, limit: int) -> list[Delivery]:
    """So many deliveries older than this one, or the newest, newest first."""
    older = Delivery.sk < before if before else None
    return _query(tenant, webhook_id, older, limit, is_forward=False)


def after(tenant: str, webhook_id: str, delivery_id: str, limit: int) -> list[Delivery]:
    """So many deliveries that were made after this one, oldest first."""
    return _query(tenant, webhook_id, Delivery.sk > delivery_id, limit, is_forward=True)


def _query(
    tenant: str, webhook_id: str, rule: Condition | None, limit: int, *, is_forward: bool
) -> list[Delivery]:
    found = Delivery.query(
        Delivery.partition(_scope(tenant, webhook_id)),
        rule,
        scan_index_forward=is_forward,
        limit=limit,
        page_size=limit,
        consistent_read=True,
    )
    return list(found)


def _scope(tenant: str, webhook_id: str) -> str:
    """Each webhook has its deliveries in a partition of its own."""
    return f"{tenant}#{webhook_id}"
