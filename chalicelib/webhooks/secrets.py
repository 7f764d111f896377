"""A webhook's secrets: the present one and, for a day after a rotation, the one before."""

from .. import clock
from ..security import encryption
from .store import Webhook

GRACE_MS = 86_400_000


def sealed(tenant: str, webhook_id: str, secret: str) -> bytes:
    """The secret as it is kept."""
    return encryption.encrypt(tenant, _owner(webhook_id), secret.encode())


def held(webhook: Webhook) -> list[str]:
    """The secrets that are good now, the present one first."""
    kept = [webhook.sealed]
    if webhook.former and webhook.former_until and webhook.former_until > clock.now_ms():
        kept.append(webhook.former)
    return [_opened(webhook, one) for one in kept]


def _opened(webhook: Webhook, kept: bytes) -> str:
    return encryption.decrypt(webhook.tenant, _owner(webhook.id), kept).decode()


def _owner(webhook_id: str) -> str:
    return f"webhook {webhook_id}"
