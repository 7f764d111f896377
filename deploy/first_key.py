"""The first calls of a new installation: does it answer, and who is its operator."""

import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from . import DeployError

Answer = tuple[int, Any]
Ask = Callable[[str, str, str, Any], Answer]
SECONDS = 30


def ask(method: str, url: str, bearer: str = "", body: Any = None) -> Answer:
    """Call the API: status and body, what it refuses too."""
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
    sent = json.dumps(body).encode() if body is not None else None
    request = Request(url, sent, headers, method=method)  # noqa: S310 (the stack's own https URL)
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def smoke_test(base: str, call: Ask = ask) -> None:
    """Raises ``DeployError`` unless the installation says that it is healthy."""
    status, body = call("GET", f"{base}/v1/health", "", None)
    if status != 200:
        raise DeployError(f"{base}/v1/health answers {status or 'nothing'}: {body}")


def register(base: str, email: str, call: Ask = ask) -> dict[str, str] | None:
    """Register the operator: password and admin key; None if that was done before."""
    known = {"email": email, "password": secrets.token_urlsafe(16)}
    status, body = call("POST", f"{base}/api/auth/register", "", known | {"name": "Operator"})
    if status == 409:
        return None
    if status != 201:
        raise DeployError(f"{email} could not be registered ({status}): {body}")
    wanted = {"name": "first key", "scope": "admin"}
    status, made = call("POST", f"{base}/api/api-keys", body["access_token"], wanted)
    if status != 201:
        raise DeployError(f"{email} got no key ({status}): {made}")
    return {"password": known["password"], "key": made["plaintext_key"]}
