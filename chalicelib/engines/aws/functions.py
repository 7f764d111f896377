"""Brings a service's function to a release, one change at each look, and publishes it.

What ``$LATEST`` is set to says how far it is: first the code, then the configuration with the
release's id as its description, then the version.
"""

from typing import Any

from ...settings import settings
from ..base import MEMORY_LIMIT_BYTES, EngineUnavailable, Progress, Release, Stage
from . import builds, layers, notes
from .calls import CHANGED, EXISTS, MISSING, ask, tell
from .programs import Program
from .versions import function

STARTING = Progress(Stage.STARTING)
NO_FAULT = "The start failed through no fault of the app; deploy it again."
TOO_LARGE = (
    "The app with its dependencies takes more than the 250 MiB that AWS Lambda takes; leave out "
    "what it does not need."
)


def bring(release: Release, program: Program) -> Progress | None:
    """Do what is next: starting, failed, or None when the version has just been published."""
    name = function(release.service_id)
    latest = ask("lambda", "get_function_configuration", unless=MISSING, FunctionName=name)
    try:
        return _next(release, latest, program)
    except EngineUnavailable as error:
        if "Unzipped size must be smaller" in error.reason:
            return Progress(Stage.FAILED, message=TOO_LARGE, phase="start")
        raise


def _next(release: Release, latest: dict[str, Any] | None, program: Program) -> Progress | None:
    if latest is None:
        return _create(release, program)
    if "Pending" in (latest.get("State"), latest.get("LastUpdateStatus")):
        return STARTING
    if latest.get("LastUpdateStatus") == "InProgress":
        return STARTING
    if latest.get("Description") == release.release_id:
        return _publish(release, latest)
    note = notes.read(release.service_id, release.release_id)
    if note.get("code") == latest["CodeSha256"]:
        return _configure(release, latest, program)
    return _send_code(release, latest)


def _create(release: Release, program: Program) -> Progress:
    name = function(release.service_id)
    _keep_logs(name)
    ask(
        "lambda",
        "create_function",
        unless=EXISTS,
        Code=_code(release),
        Architectures=["arm64"],
        PackageType="Zip",
        **_configuration(release, program),
    )
    return STARTING


def _send_code(release: Release, latest: dict[str, Any]) -> Progress:
    sent = ask(
        "lambda",
        "update_function_code",
        unless=CHANGED,
        FunctionName=function(release.service_id),
        Architectures=["arm64"],
        RevisionId=latest["RevisionId"],
        **_code(release),
    )
    if sent:
        notes.add(release, code=sent["CodeSha256"])
    return STARTING


def _configure(release: Release, latest: dict[str, Any], program: Program) -> Progress:
    given = _configuration(release, program)
    revision = latest["RevisionId"]
    ask("lambda", "update_function_configuration", unless=CHANGED, RevisionId=revision, **given)
    return STARTING


def _publish(release: Release, latest: dict[str, Any]) -> Progress | None:
    if "Failed" in (latest.get("State"), latest.get("LastUpdateStatus")):
        return Progress(Stage.FAILED, message=NO_FAULT, phase="start")
    published = ask(
        "lambda",
        "publish_version",
        unless=CHANGED,
        FunctionName=function(release.service_id),
        Description=release.release_id,
        CodeSha256=latest["CodeSha256"],
        RevisionId=latest["RevisionId"],
    )
    return None if published else STARTING


def _code(release: Release) -> dict[str, str]:
    place = builds.artifact(release.service_id, release.deployment_id)
    return {"S3Bucket": settings().apps_bucket, "S3Key": place}


def _configuration(release: Release, program: Program) -> dict[str, Any]:
    name, chosen = function(release.service_id), settings()
    adapter = chosen.web_adapter_layer.format(region=chosen.region)
    return {
        "FunctionName": name,
        "Description": release.release_id,
        "Runtime": program.runtime,
        "Role": chosen.app_role_arn,
        "Handler": "start",
        "Timeout": chosen.app_timeout_seconds,
        "MemorySize": MEMORY_LIMIT_BYTES // 1024**2,
        "Layers": [adapter, layers.publish(name, release, program.command)],
        "Environment": {"Variables": variables(release)},
    }


def variables(release: Release) -> dict[str, str]:
    """What Lambda and the adapter go by; the app's own variables are in its layer."""
    return {
        "AWS_LAMBDA_EXEC_WRAPPER": layers.START,
        "AWS_LWA_PORT": str(release.port),
        "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
    }


def _keep_logs(name: str) -> None:
    """Make the log group beforehand: one that Lambda makes keeps everything for ever."""
    group = f"/aws/lambda/{name}"
    ask("logs", "create_log_group", unless=EXISTS, logGroupName=group)
    days = settings().app_log_days
    tell("logs", "put_retention_policy", logGroupName=group, retentionInDays=days)
