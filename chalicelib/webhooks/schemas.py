"""What clients send and get of webhooks."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from ..http.schemas import (
    Answer,
    Body,
    DeliveryId,
    EventId,
    Line,
    Meta,
    Moment,
    Query,
    Time,
    WebhookId,
)
from ..security.egress import UnsafeUrl, check_url
from ..settings import settings
from .names import Subscription
from .store import Delivery, Webhook


def _url(url: str) -> str:
    allowed = settings()
    try:
        check_url(
            url,
            schemes=allowed.webhook_schemes,
            allow_loopback=allowed.allow_loopback,
            resolve=False,
        )
    except UnsafeUrl as error:
        raise ValueError(str(error)) from None
    if "@" in urlsplit(url).netloc:
        raise ValueError("must not contain a user name or password; verify the signature instead")
    return url


def _once_each(events: list[str]) -> list[str]:
    return list(dict.fromkeys(events))


Url = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_url)]
Events = Annotated[
    list[Subscription],
    Field(min_length=1, max_length=20),
    AfterValidator(_once_each),
]
Description = Annotated[Line, Field(max_length=200)]

READ_ONLY = frozenset(
    {"id", "secret", "status", "disabled_reason", "failing_since", "created_at", "updated_at"}
)


class WebhookCreate(Body):
    """A new webhook. ``events`` names what it wants to hear of; ``*`` is all."""

    read_only = READ_ONLY

    url: Url
    events: Events
    description: Description | None = None


class WebhookChange(Body):
    """What may be changed; what is left out stays. ``enabled`` set to true begins anew after it
    was disabled."""

    read_only = READ_ONLY

    url: Url = Field(default_factory=str)
    events: Events = Field(default_factory=list)
    description: Description | None = None
    enabled: bool = True


class WebhookAnswer(Answer):
    """A webhook. ``failing_since`` is set while none of its deliveries arrives."""

    id: WebhookId
    url: str
    events: list[str]
    description: str | None
    enabled: bool
    disabled_reason: str | None
    failing_since: Time | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, webhook: Webhook, **more: Any) -> Self:
        """The answer about a stored webhook."""
        since = webhook.failing_since
        return cls(
            id=webhook.id,
            url=webhook.url,
            events=list(webhook.events),
            description=webhook.description,
            enabled=webhook.is_enabled,
            disabled_reason=webhook.disabled_reason,
            failing_since=int(since) if since is not None else None,
            created_at=int(webhook.created_at),
            updated_at=int(webhook.updated_at),
            **more,
        )


class NewWebhook(WebhookAnswer):
    """A webhook with its new secret, which is shown this once."""

    secret: str


class WebhookDeleted(Answer):
    """That a webhook is gone."""

    deleted: bool = True
    id: WebhookId


class Attempt(Answer):
    """One attempt: what was answered, or why there was no answer."""

    at: Time
    duration_ms: int
    status_code: int | None
    response: str
    error: str | None


class Sent(Answer):
    """What is sent: the headers are those of the last attempt."""

    headers: dict[str, str]
    body: str


class DeliveryAnswer(Answer):
    """An event on its way: pending until it is delivered, or failed for good."""

    id: DeliveryId
    event_id: EventId
    event: str
    status: str
    created_at: Time
    next_attempt_at: Time | None
    attempts: list[Attempt]
    request: Sent

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """The answer about a stored delivery."""
        planned = delivery.next_attempt_at
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            event=delivery.event,
            status=delivery.status,
            created_at=int(delivery.created_at),
            next_attempt_at=int(planned) if planned is not None else None,
            attempts=[Attempt.model_validate(one) for one in delivery.attempts],
            request=Sent(headers=delivery.sent_headers, body=delivery.body),
        )


class DeliveryQuery(Query):
    """Which deliveries: so many, from a cursor of an earlier answer on."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: DeliveryId | None = None


class DeliveryPages(Answer):
    """How many there may be, and the cursor of those that follow; null at the end."""

    limit: int
    next_cursor: DeliveryId | None


class DeliveryLog(Answer):
    """Deliveries, newest first."""

    data: list[DeliveryAnswer]
    pagination: DeliveryPages
    meta: Meta


class Recover(Body):
    """Since when what failed is sent again."""

    since: Moment


class Recovering(Answer):
    """That what failed since then is being sent again."""

    id: WebhookId
    since: Time
    status: Literal["recovering"] = "recovering"
