"""The versions of a service's function, one a release: its description is the release's id."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...settings import settings
from .calls import MISSING, ask, pages

LIVE = "live"


@dataclass(frozen=True)
class Version:
    """A published version; ``at`` is when it was made (epoch seconds)."""

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


def find(service_id: str, release_id: str | None) -> Version | None:
    """The version of a release."""
    return next((each for each in of(service_id) if each.release_id == release_id), None)


def live(service_id: str) -> dict[str, Any] | None:
    """The alias that traffic goes to: ``FunctionVersion``, ``RevisionId``."""
    name = function(service_id)
    return ask("lambda", "get_alias", unless=MISSING, FunctionName=name, Name=LIVE)


def delete(service_id: str, version: Version) -> None:
    """Delete a version that no traffic goes to."""
    which = {"FunctionName": function(service_id), "Qualifier": version.number}
    ask("lambda", "delete_function", unless=MISSING, **which)


def _version(found: dict[str, Any]) -> Version:
    at = datetime.fromisoformat(found["LastModified"])
    return Version(found["Version"], found.get("Description", ""), at.timestamp())
