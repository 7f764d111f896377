"""What is noted of a release while it starts, for its switch and for its end."""

from typing import Any

from ..base import Release
from . import shelf


def begin(release: Release, *, was_stopped: bool) -> None:
    """Note what the switch will need; what was noted first stays."""
    shelf.own(release.service_id, release.release_id)
    note = {
        "instances": release.instances,
        "max_instances": release.max_instances,
        "sleeps": release.sleeps,
        "was_stopped": was_stopped,
    }
    shelf.write_first(_place(release.service_id, release.release_id), note)


def add(release: Release, **more: Any) -> None:
    """Note more of a release."""
    service_id, release_id = release.service_id, release.release_id
    shelf.write(_place(service_id, release_id), {**read(service_id, release_id), **more})


def read(service_id: str, release_id: str) -> dict[str, Any]:
    """What is noted of a release; nothing when it was never begun, or is gone."""
    return shelf.read(_place(service_id, release_id)) or {}


def _place(service_id: str, release_id: str) -> str:
    return shelf.key(service_id, release_id, "release.json")
