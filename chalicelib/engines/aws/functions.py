"""Brings a service's function to a release, one change at each look, and publishes it.

What ``$LATEST`` is set to says how far it is: first the code, then the configuration with the
release's id as its description, then the version.
"""

from typing import Any

from ...settings import settings
from ..base import MEMORY_LIMIT_BYTES, EngineUnavailable, Progress, Release, Stage
from . import notes
from .calls import CHANGED, EXISTS, MISSING, ask, tell
from .packages import Package
from .versions import function, live

STARTING = Progress(Stage.STARTING)
NO_FAULT = "The start failed through no fault of the app; deploy it again."
TOO_LARGE = (
    "The app with its dependencies takes more than the 250 MiB that AWS Lambda takes; leave out "
    "what it does not need."
)
NOT_TAKEN = (
    "AWS Lambda does not take this image: it takes images for linux/arm64 of at most 10 GB, as "
    "docker build makes them."
)
OTHER_KIND = (
    "This web service runs as a container image, or runs as none, and cannot change to the other; "
    "make a new web service with this source."
)


def bring(release: Release, package: Package) -> Progress | None:
    """Do what is next: starting, failed, or None when the version has just been published."""
    name = function(release.service_id)
    latest = ask("lambda", "get_function_configuration", unless=MISSING, FunctionName=name)
    try:
        return _next(release, latest, package)
    except EngineUnavailable as error:
        if "Unzipped size must be smaller" in error.reason:
            return Progress(Stage.FAILED, message=TOO_LARGE, phase="start")
        raise


def _next(release: Release, latest: dict[str, Any] | None, package: Package) -> Progress | None:
    if latest is None:
        return _create(release, package)
    if latest.get("PackageType", "Zip") != package.kind:
        return _make_way(release)
    if latest.get("State") == "Pending" or latest.get("LastUpdateStatus") == "InProgress":
        return STARTING
    if latest.get("Description") == release.release_id:
        return _publish(release, latest)
    return _change(release, latest, package)


def _change(release: Release, latest: dict[str, Any], package: Package) -> Progress:
    """Send the code, then the configuration."""
    note = notes.read(release.service_id, release.release_id)
    if package.is_there(latest, note.get("code")):
        return _configure(release, latest, package)
    if "code" in note and latest.get("LastUpdateStatus") == "Failed":
        return _failed(latest)
    return _send_code(release, latest, package)


def _make_way(release: Release) -> Progress:
    """Delete a function of the other kind, unless it has served."""
    if live(release.service_id):
        return Progress(Stage.FAILED, message=OTHER_KIND, phase="start")
    name = function(release.service_id)
    ask("lambda", "delete_function", unless=MISSING, FunctionName=name)
    return STARTING


def _create(release: Release, package: Package) -> Progress:
    name = function(release.service_id)
    _keep_logs(name)
    ask(
        "lambda",
        "create_function",
        unless=EXISTS,
        Code=package.code,
        Architectures=["arm64"],
        PackageType=package.kind,
        **_configuration(release, package),
    )
    return STARTING


def _send_code(release: Release, latest: dict[str, Any], package: Package) -> Progress:
    sent = ask(
        "lambda",
        "update_function_code",
        unless=CHANGED,
        FunctionName=function(release.service_id),
        Architectures=["arm64"],
        RevisionId=latest["RevisionId"],
        **package.code,
    )
    if sent:
        notes.add(release, code=sent.get("CodeSha256"))
    return STARTING


def _configure(release: Release, latest: dict[str, Any], package: Package) -> Progress:
    given = _configuration(release, package)
    revision = latest["RevisionId"]
    ask("lambda", "update_function_configuration", unless=CHANGED, RevisionId=revision, **given)
    return STARTING


def _publish(release: Release, latest: dict[str, Any]) -> Progress | None:
    if "Failed" in (latest.get("State"), latest.get("LastUpdateStatus")):
        return _failed(latest)
    published = ask(
        "lambda",
        "publish_version",
        unless=CHANGED,
        FunctionName=function(release.service_id),
        Description=release.release_id,
        RevisionId=latest["RevisionId"],
    )
    return None if published else STARTING


def _failed(latest: dict[str, Any]) -> Progress:
    reasons = (latest.get("StateReasonCode"), latest.get("LastUpdateStatusReasonCode"))
    message = NOT_TAKEN if "InvalidImage" in reasons else NO_FAULT
    return Progress(Stage.FAILED, message=message, phase="start")


def _configuration(release: Release, package: Package) -> dict[str, Any]:
    chosen = settings()
    return {
        "FunctionName": function(release.service_id),
        "Description": release.release_id,
        "Role": chosen.app_role_arn,
        "Timeout": chosen.app_timeout_seconds,
        "MemorySize": MEMORY_LIMIT_BYTES // 1024**2,
        "Environment": {"Variables": variables(release, package)},
        **package.configuration(),
    }


def variables(release: Release, package: Package) -> dict[str, str]:
    """What Lambda and the adapter go by; the app's own variables are in its package."""
    return {
        **package.variables,
        "AWS_LWA_PORT": str(release.port),
        "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
    }


def _keep_logs(name: str) -> None:
    """Make the log group beforehand: one that Lambda makes keeps everything for ever."""
    group = f"/aws/lambda/{name}"
    ask("logs", "create_log_group", unless=EXISTS, logGroupName=group)
    days = settings().app_log_days
    tell("logs", "put_retention_policy", logGroupName=group, retentionInDays=days)
