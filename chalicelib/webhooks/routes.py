"""Webhooks, on the Platform surface."""

from typing import Annotated

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.schemas import Meta
from ..http.surfaces import platform
from . import service, store
from .schemas import (
    DeliveryAnswer,
    DeliveryLog,
    DeliveryPages,
    DeliveryQuery,
    NewWebhook,
    Recover,
    Recovering,
    WebhookAnswer,
    WebhookChange,
    WebhookCreate,
    WebhookDeleted,
)

WebhookInPath = Annotated[store.Webhook, FromPath("webhook_id", "whk", service.get)]
DeliveryInPath = Annotated[store.Delivery, FromPath("delivery_id", "dlv", service.delivery)]

ONE = "/webhooks/{webhook_id}"
DELIVERY = ONE + "/deliveries/{delivery_id}"
NEW = {
    "url": "https://example.com/hooks/orbitra",
    "events": ["deployment.succeeded", "deployment.failed"],
}


@platform.post("/webhooks", scope="write", status=201, example=NEW)
def create_webhook(call: Call, body: WebhookCreate) -> NewWebhook:
    """Create a webhook; its secret is shown this once."""
    webhook, secret = service.create(call, body)
    return NewWebhook.of(webhook, secret=secret)


@platform.get("/webhooks", scope="read", plural="webhooks")
def list_webhooks(call: Call, page: Page) -> Listing[WebhookAnswer]:
    """List the workspace's webhooks, newest first."""
    found, total = service.page(call, page)
    return Listing([WebhookAnswer.of(one) for one in found], total, page)


@platform.get(ONE, scope="read")
def get_webhook(call: Call, webhook: WebhookInPath) -> WebhookAnswer:
    """Get a webhook."""
    del call
    return WebhookAnswer.of(webhook)


@platform.patch(ONE, scope="write", example={"events": ["*"]})
def update_webhook(call: Call, webhook: WebhookInPath, body: WebhookChange) -> WebhookAnswer:
    """Change a webhook, or enable one that was disabled; what is left out stays."""
    return WebhookAnswer.of(service.update(call, webhook, body.sent()))


@platform.delete(ONE, scope="write")
def delete_webhook(call: Call, webhook: WebhookInPath) -> WebhookDeleted:
    """Delete a webhook; nothing is sent to it any more."""
    service.delete(call, webhook)
    return WebhookDeleted(id=webhook.id)


@platform.post(ONE + "/rotate-secret", scope="write")
def rotate_webhook_secret(call: Call, webhook: WebhookInPath) -> NewWebhook:
    """Give a webhook a new secret, shown this once.

    For 24 hours ``webhook-signature`` holds a signature by each of the two secrets.
    """
    secret = service.rotate(call, webhook)
    return NewWebhook.of(webhook, secret=secret)


@platform.post(ONE + "/test", scope="write", status=202)
def test_webhook(call: Call, webhook: WebhookInPath) -> DeliveryAnswer:
    """Send the event ``webhook.test`` to a webhook."""
    return DeliveryAnswer.of(service.test(call, webhook))


@platform.post(
    ONE + "/recover", scope="write", status=202, example={"since": "2026-11-20T12:00:00Z"}
)
def recover_webhook(call: Call, webhook: WebhookInPath, body: Recover) -> Recovering:
    """Send everything again, now, that has not arrived since a time."""
    service.recover(call, webhook, body.since)
    return Recovering(id=webhook.id, since=body.since)


@platform.get(ONE + "/deliveries", scope="read")
def list_webhook_deliveries(
    call: Call, webhook: WebhookInPath, query: DeliveryQuery
) -> DeliveryLog:
    """List a webhook's deliveries of the last 30 days, newest first."""
    found, following = service.deliveries(call, webhook, query.cursor, query.limit)
    return DeliveryLog(
        data=[DeliveryAnswer.of(one) for one in found],
        pagination=DeliveryPages(limit=query.limit, next_cursor=following),
        meta=Meta(requestId=call.request_id),
    )


@platform.get(DELIVERY, scope="read")
def get_webhook_delivery(
    call: Call, webhook: WebhookInPath, delivery: DeliveryInPath
) -> DeliveryAnswer:
    """Get a delivery: what was sent, and what was answered each time."""
    del call, webhook
    return DeliveryAnswer.of(delivery)


@platform.post(DELIVERY + "/redeliver", scope="write", status=202)
def redeliver(call: Call, webhook: WebhookInPath, delivery: DeliveryInPath) -> DeliveryAnswer:
    """Send a delivery again, now, with the same ids; its schedule begins anew."""
    return DeliveryAnswer.of(service.redeliver(call, webhook, delivery))
