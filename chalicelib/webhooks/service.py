"""The rules of webhooks."""

from typing import Any

from .. import clock, ids
from ..errors import Conflict, InvalidRequest, NotFound, Outdated
from ..http.call import Call
from ..http.pages import Page
from . import events, recovery, secrets, signing, store
from .schemas import WebhookCreate
from .store import Delivery, Webhook

DISABLED = "This webhook is disabled; enable it first"


def create(call: Call, body: WebhookCreate) -> tuple[Webhook, str]:
    """Make a webhook; it and its secret."""
    webhook_id, secret = ids.new(Webhook.KIND), signing.generate()
    sealed = secrets.sealed(call.tenant, webhook_id, secret)
    webhook = Webhook.new(call.tenant, webhook_id, sealed=sealed, **body.model_dump())
    store.add(call.tx, webhook)
    return webhook, secret


def page(call: Call, page: Page) -> tuple[list[Webhook], int]:
    """The workspace's webhooks, newest first, and how many there are."""
    found = store.all_of(call.tenant)[::-1]
    return found[page.offset : page.offset + page.limit], len(found)


def get(call: Call, webhook_id: str) -> Webhook:
    """The workspace's webhook. Raises ``NotFound``."""
    webhook = Webhook.of(call.tenant, webhook_id)
    if webhook is None:
        raise NotFound
    return webhook


def update(call: Call, webhook: Webhook, changes: dict[str, Any]) -> Webhook:
    """Change a webhook; to enable it forgets how long it has failed."""
    if "enabled" in changes:
        changes["is_enabled"] = changes.pop("enabled")
        changes |= {"disabled_reason": None, "failing_since": None}
    call.tx.change(webhook, changes)
    return webhook


def delete(call: Call, webhook: Webhook) -> None:
    """Delete a webhook; nothing is sent to it any more."""
    store.remove(call.tx, webhook)


def rotate(call: Call, webhook: Webhook) -> str:
    """Give the webhook another secret; the one before is good for a day."""
    secret, present = signing.generate(), webhook.sealed
    changes = {
        "sealed": secrets.sealed(call.tenant, webhook.id, secret),
        "former": present,
        "former_until": clock.now_ms() + secrets.GRACE_MS,
    }
    again = Conflict("This secret was just rotated by another request")
    call.tx.change(webhook, changes, Webhook.sealed == present, again)
    return secret


def test(call: Call, webhook: Webhook) -> Delivery:
    """Send an event of its own to the webhook."""
    _must_be_enabled(webhook)
    return events.test(call.tx, webhook)


def delivery(call: Call, delivery_id: str, webhook: Webhook) -> Delivery:
    """A delivery of the webhook. Raises ``NotFound``."""
    found = store.delivery(call.tenant, webhook.id, delivery_id)
    if found is None:
        raise NotFound
    return found


def deliveries(
    call: Call, webhook: Webhook, before: str | None, limit: int
) -> tuple[list[Delivery], str | None]:
    """A page of deliveries, newest first, and where the next one begins; None at the end."""
    found = store.newest(call.tenant, webhook.id, before, limit + 1)
    rows = found[:limit]
    return rows, rows[-1].id if len(found) > limit else None


def redeliver(call: Call, webhook: Webhook, delivery: Delivery) -> Delivery:
    """Send a delivery again, now, whatever became of it."""
    _must_be_enabled(webhook)
    events.again(call.tx, webhook, delivery, Outdated())
    return delivery


def recover(call: Call, webhook: Webhook, since: int) -> None:
    """Send everything again that failed since then (epoch milliseconds)."""
    _must_be_enabled(webhook)
    if since > clock.now_ms():
        raise InvalidRequest.field("since", "must be in the past")
    recovery.begin(call.tx, webhook, since)


def _must_be_enabled(webhook: Webhook) -> None:
    if not webhook.is_enabled:
        raise Conflict(DISABLED)
