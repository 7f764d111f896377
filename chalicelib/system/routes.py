"""Health, status and changes, without a key."""

from ..http.call import Call
from ..http.surfaces import platform
from ..store.claims import Claim
from .changes import all_changes
from .schemas import ChangeAnswer, Changelog, Component, Health, Status
from .status import watch


@platform.get("/health", scope=None, counted=False)
def get_health(call: Call) -> Health:
    """Say whether the platform is up: 200 only if its tables answer."""
    del call
    Claim.find("health", "claim")
    return Health()


@platform.get("/status", scope=None)
def get_status(call: Call) -> Status:
    """Say how each part is that the platform stands on, as seen in the last ten seconds."""
    del call
    seen, at = watch.look()
    return Status(
        status="degraded" if "down" in seen.values() else "operational",
        components=[Component(name=name, status=state) for name, state in seen.items()],
        checked_at=at * 1000,
    )


@platform.get("/changelog", scope=None)
def get_changelog(call: Call) -> Changelog:
    """List what has changed in the API and what is deprecated, newest first."""
    from .. import features

    del call
    found = all_changes(features.all_routes())
    return Changelog(data=[ChangeAnswer.model_validate(change) for change in found])
