"""The versions of a service's function: the description of each is the release it was made for.

A release that repeats another shares its version. The alias says in its description which release
it leads to.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ... import clock
from ...settings import settings
from ..base import Release
from . import notes
from .calls import MISSING, ask, pages

LIVE = "live"


@dataclass(frozen=True)
class Version:
    """A version; ``at`` is when it was made, or begun to be shared (epoch seconds)."""

    number: str
    release_id: str
    at: float


def function(service_id: str) -> str:
    """The name of a service's function, and of its layers."""
    return settings().app_prefix + service_id


def of(service_id: str) -> list[Version]:
    """The versions of a service, the oldest first."""
    name, markers = function(service_id), ("NextMarker", "Marker")
    found = pages("lambda", "list_versions_by_function", markers, FunctionName=name)
    all_of_them = [_version(each) for page in found for each in page["Versions"]]
    published = [each for each in all_of_them if each.number != "$LATEST"]
    return sorted(published, key=lambda each: int(each.number))


def made_for(service_id: str, release_id: str) -> Version | None:
    """The version that was made for a release."""
    return next((each for each in of(service_id) if each.release_id == release_id), None)


def find(service_id: str, release_id: str) -> Version | None:
    """The version of a release: its own, or the one that it shares."""
    if own := made_for(service_id, release_id):
        return own
    note = notes.read(service_id, release_id)
    shared = made_for(service_id, note["shares"]) if "shares" in note else None
    return shared and replace(shared, at=note["shares_since"])


def share(release: Release, version: Version) -> None:
    """Let a release share the version of another."""
    notes.add(release, shares=version.release_id, shares_since=clock.now())


def live(service_id: str) -> dict[str, Any] | None:
    """The alias that traffic goes to: ``FunctionVersion``, ``RevisionId``."""
    name = function(service_id)
    return ask("lambda", "get_alias", unless=MISSING, FunctionName=name, Name=LIVE)


def serving(service_id: str) -> set[str]:
    """The release that traffic goes to, and the one that its version was made for."""
    alias = live(service_id)
    if alias is None:
        return set()
    number = alias["FunctionVersion"]
    made = {each.release_id for each in of(service_id) if each.number == number}
    return {alias["Description"], *made}


def delete(service_id: str, version: Version) -> None:
    """Delete a version that no traffic goes to."""
    which = {"FunctionName": function(service_id), "Qualifier": version.number}
    ask("lambda", "delete_function", unless=MISSING, **which)


def _version(found: dict[str, Any]) -> Version:
    at = datetime.fromisoformat(found["LastModified"])
    return Version(found["Version"], found.get("Description", ""), at.timestamp())
