"""Whether a version answers: it is invoked directly, before any traffic goes to it."""

import json
import re
import signal
from typing import Any

from ... import clock
from ...buildpacks.failures import explain
from ..base import Progress, Release, Stage
from ..causes import LAST_OUTPUT, last_lines, plain
from . import logs
from .calls import NoAnswer, ask
from .versions import Version, function

SECONDS = 120
_NOT_YET = frozenset({"ResourceConflictException", "TooManyRequestsException"})


def check(release: Release, version: Version) -> Progress:
    """Starting until it answers as it should, then healthy; failed when it crashes, or is late."""
    try:
        status, error = _invoke(release, version)
    except NoAnswer:
        status, error = None, None
    if error:
        return _failed(_why_crashed(release, error))
    if status is not None and (release.health_check_path is None or status == 200):
        return Progress(Stage.HEALTHY)
    if clock.now() < version.at + SECONDS:
        return Progress(Stage.STARTING)
    return _failed(_why_late(release, status))


def _invoke(release: Release, version: Version) -> tuple[int | None, str | None]:
    """The status that the app answers with, or how it crashed; neither when it is not up yet."""
    answer = ask(
        "lambda",
        "invoke",
        unless=_NOT_YET,
        FunctionName=function(release.service_id),
        Qualifier=version.number,
        Payload=json.dumps(_event(release.health_check_path or "/")).encode(),
    )
    if answer is None:
        return None, None
    said = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        return None, str((said or {}).get("errorMessage", "no reason given"))
    return (int(said["statusCode"]) if isinstance(said, dict) else None), None


def _event(path: str) -> dict[str, Any]:
    """A GET as a function URL hands it on (payload version 2.0)."""
    path, _, query = f"/{path.lstrip('/')}".partition("?")
    http = {
        "method": "GET",
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "orbitra-health-check",
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "localhost", "user-agent": http["userAgent"]},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "health",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": http,
            "requestId": "health",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2020:00:00:00 +0000",
            "timeEpoch": 1577836800000,
        },
        "isBase64Encoded": False,
    }


def _why_crashed(release: Release, error: str) -> str:
    if "Task timed out" in error:
        return f"The app did not listen on a port within {SECONDS} seconds; {_PORT}."
    begun = clock.now() - SECONDS
    output = plain(logs.read(release.service_id, 50, begun).text)
    status = _status(error)
    if status is None:
        said = error.partition("Error: ")[2] or error
        return "\n".join(
            [f"The app could not be started: {said}.", LAST_OUTPUT, *last_lines(output)]
        )
    return explain("The app ended with", status, output)


def _status(error: str) -> int | None:
    """How the app's process ended, from Lambda's words: ``exit status 1``, ``signal: killed``."""
    if "signal: killed" in error:
        return -signal.SIGKILL
    if "Runtime exited without providing a reason" in error:
        return 0
    found = re.search(r"exit status (\d+)", error)
    return int(found[1]) if found else None


def _why_late(release: Release, status: int | None) -> str:
    if status is None:
        return f"The app did not listen on a port within {SECONDS} seconds; {_PORT}."
    return (
        f"The health check path {release.health_check_path} did not answer 200 within {SECONDS} "
        f"seconds; its last answer was {status}. Make it answer 200, or correct the path."
    )


def _failed(message: str) -> Progress:
    return Progress(Stage.FAILED, message=message, phase="health_check")


_PORT = "listen on the port in the environment variable PORT"
