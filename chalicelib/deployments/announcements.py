"""What webhooks are told of deployments."""

from typing import Any

from ..http.surfaces import platform
from ..store.transaction import Transaction
from ..webhooks import events
from ..webhooks.names import EventName
from .schemas import PlatformDeployment
from .store import Deployment

_OF_STATUS: dict[str, EventName] = {
    "queued": "deployment.created",
    "live": "deployment.succeeded",
    "failed": "deployment.failed",
    "canceled": "deployment.canceled",
}


def announce(tx: Transaction, deployment: Deployment, name: str) -> None:
    """Tell that the deployment has come to its present status; ``name`` is the service's."""
    event = _OF_STATUS[deployment.status]
    events.emit(tx, deployment.tenant, event, _told(deployment, name))


def _told(deployment: Deployment, name: str) -> dict[str, Any]:
    """The deployment as ``/v1`` shows it."""
    shown = PlatformDeployment.of(deployment)
    written = shown.model_dump(mode="json", context={"dialect": platform.dialect})
    return {"deployment_id": deployment.id, **written, "name": name}
