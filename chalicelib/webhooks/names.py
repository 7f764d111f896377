"""The names of all events."""

from typing import Literal

EventName = Literal[
    "deployment.created",
    "deployment.succeeded",
    "deployment.failed",
    "deployment.canceled",
    "project.created",
    "project.deleted",
    "service.created",
    "service.deleted",
    "service.started",
    "service.stopped",
    "billing.invoice.created",
    "domain.verified",
]
Subscription = Literal[EventName, "*"]
ALL = "*"
TEST = "webhook.test"
