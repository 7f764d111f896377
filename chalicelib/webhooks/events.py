"""Says that something happened: to every webhook that listens, once the transaction commits."""

import json
from collections.abc import Mapping
from typing import Any

from .. import clock, ids, jobs
from ..store.transaction import Transaction
from . import store
from .names import ALL, TEST, EventName
from .store import Delivery, Webhook

KIND = "webhook.deliver"
KEPT_SECONDS = 30 * 86_400


def emit(tx: Transaction, tenant: str, event: EventName, data: Mapping[str, Any]) -> None:
    """Tell the tenant's webhooks of an event. ``data`` holds TypeIDs, text and whole numbers."""
    listening = [one for one in store.all_of(tenant) if _listens(one, event)]
    if listening:
        event_id, body = ids.new("evt"), written(event, data)
        for webhook in listening:
            _deliver(tx, webhook, event_id, event, body)


def test(tx: Transaction, webhook: Webhook) -> Delivery:
    """Send this webhook an event that tells of itself."""
    data = {"id": webhook.id, "name": webhook.url, "status": "enabled"}
    return _deliver(tx, webhook, ids.new("evt"), TEST, written(TEST, data))


def again(tx: Transaction, webhook: Webhook, delivery: Delivery, changed: Exception) -> None:
    """Begin the delivery's schedule anew; ``changed`` is raised when another call just did."""
    job_id = _send_later(tx, webhook, delivery.id)
    begun = {"status": "pending", "tries": 0, "job_id": job_id, "next_attempt_at": clock.now_ms()}
    same = (Delivery.status == delivery.status) & (Delivery.job_id == delivery.job_id)
    tx.change(delivery, begun, same, changed)


def written(event: str, data: Mapping[str, Any]) -> str:
    """The body, compact and in the order of its making, so that it reads the same when a
    receiver parses and writes it again."""
    said = {"event": event, "timestamp": clock.rfc3339(clock.now_ms()), "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _listens(webhook: Webhook, event: str) -> bool:
    return webhook.is_enabled and not {event, ALL}.isdisjoint(webhook.events)


def _deliver(tx: Transaction, webhook: Webhook, event_id: str, event: str, body: str) -> Delivery:
    delivery = store.new_delivery(
        webhook,
        webhook_id=webhook.id,
        event_id=event_id,
        event=event,
        body=body,
        status="pending",
        next_attempt_at=clock.now_ms(),
        expires_at=clock.now() + KEPT_SECONDS,
    )
    delivery.job_id = _send_later(tx, webhook, delivery.id)
    tx.create(delivery)
    return delivery


def _send_later(tx: Transaction, webhook: Webhook, delivery_id: str) -> str:
    payload = {"webhook_id": webhook.id, "delivery_id": delivery_id}
    return jobs.enqueue(tx, webhook.tenant, KIND, payload).id
