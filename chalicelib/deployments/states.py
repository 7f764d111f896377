"""What the engine tells of the release that is live: it runs, sleeps, or has failed."""

from ..services import service as services
from ..services.store import Service
from ..store.transaction import Transaction

TOLD = frozenset({"running", "sleeping", "failed"})
MOST_LOOKS = 5


def note(tenant: str, service_id: str, release_id: str, state: str) -> None:
    """Show what a service's live release does; while another is rolled out, keep it in mind."""
    for _ in range(MOST_LOOKS):
        service = services.find(tenant, service_id)
        if service is None or state not in TOLD or service.live_release_id != release_id:
            return
        if _noted(service, state):
            return


def _noted(service: Service, state: str) -> bool:
    """False when something else has changed the service meanwhile."""
    if service.resting_status == state == service.status:
        return True
    shown = {"status": state} if service.status in TOLD else {}
    same = Service.status == service.status
    same &= Service.live_release_id == service.live_release_id
    tx = Transaction()
    tx.change(service, {"resting_status": state, **shown}, same, _Outdated())
    try:
        tx.commit()
    except _Outdated:
        return False
    return True


class _Outdated(Exception):
    """Something else has changed the service."""
