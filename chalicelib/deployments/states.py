"""What the engine tells of a service that nobody changes: it runs, sleeps, or has failed."""

from ..services import service as services
from ..services.store import Service
from ..store.transaction import Transaction

TOLD = frozenset({"running", "sleeping", "failed"})


def note(tenant: str, service_id: str, release_id: str, state: str) -> None:
    """Show a service's state, as long as this release is its live one and nothing is under way."""
    service = services.find(tenant, service_id)
    if service is None or state not in TOLD or service.status == state:
        return
    tx = Transaction()
    settled = Service.status.is_in(*TOLD) & (Service.live_release_id == release_id)
    tx.change(service, {"status": state}, settled, _Outdated())
    try:
        tx.commit()
    except _Outdated:
        return


class _Outdated(Exception):
    """Something else has changed the service."""
