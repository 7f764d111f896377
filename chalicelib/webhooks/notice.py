"""The mail to the owner of a workspace whose webhook was disabled."""

from collections.abc import Mapping
from typing import Any

from ..accounts import service as accounts
from ..mail import letter
from ..mail import service as mail
from ..security.egress import redact
from ..workspaces import store as workspaces
from .store import Webhook

PURPOSE = "webhook-disabled"


@mail.writes(PURPOSE)
def write(tenant: str, ids: Mapping[str, Any]) -> mail.Message | None:
    """What happened and what to do; None when the webhook is gone or enabled again."""
    webhook, workspace = Webhook.of(tenant, ids["webhook_id"]), workspaces.find(tenant)
    owner = accounts.find(workspace.owner_id) if workspace else None
    if webhook is None or owner is None or webhook.is_enabled:
        return None
    return letter.message(
        letter.Letter(
            to=owner.email,
            subject="A webhook of yours was disabled",
            greeting=f"Hello {owner.name},",
            words=f"your webhook {webhook.id}, which leads to {redact(webhook.url)}, gets nothing"
            f" more. {webhook.disabled_reason}.",
            note="When its receiver works again, enable it by PATCH /v1/webhooks/{id} and ask for"
            " what it missed by POST /v1/webhooks/{id}/recover.",
        )
    )
