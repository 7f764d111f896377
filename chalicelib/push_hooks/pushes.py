"""What a git host says of a push: GitHub and Gitea, GitLab, or a plain call.

See https://docs.github.com/webhooks/webhook-events-and-payloads#push and
https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from ..errors import InvalidRequest

BRANCHES = "refs/heads/"
NOT_JSON = "The body must be a JSON object, as git hosts send it, or empty"


@dataclass(frozen=True)
class Push:
    """A push to a branch; without one, whatever the service deploys."""

    branch: str | None = None


def read(headers: Mapping[str, str], body: bytes) -> Push | None:
    """The push, or None for what is no push to a branch: a ping, a tag, a deletion.

    Raises ``InvalidRequest`` for a body that is none of a git host.
    """
    if headers.get("x-github-event", "push") != "push":
        return None
    if headers.get("x-gitlab-event", "Push Hook") != "Push Hook":
        return None
    said = _payload(headers, body)
    return _of_ref(said) if "ref" in said else Push(_branch(said))


def _branch(said: dict[str, Any]) -> str | None:
    branch = said.get("branch")
    if branch is None or isinstance(branch, str):
        return branch
    raise InvalidRequest.field("branch", "must be a string")


def _of_ref(said: dict[str, Any]) -> Push | None:
    ref = str(said["ref"])
    if not ref.startswith(BRANCHES) or _is_deletion(said):
        return None
    return Push(ref.removeprefix(BRANCHES))


def _is_deletion(said: dict[str, Any]) -> bool:
    """The commit after a deletion is all zeros."""
    after = str(said.get("after", ""))
    return bool(after) and not after.strip("0")


def _payload(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The body as JSON; GitHub may put it into a form's field ``payload``."""
    try:
        text = body.decode()
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            text = parse_qs(text).get("payload", [""])[0]
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise InvalidRequest(NOT_JSON) from None
    if not isinstance(found, dict):
        raise InvalidRequest(NOT_JSON)
    return found
