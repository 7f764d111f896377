"""The first calls of an installation: does it answer, and what its operator gets."""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from . import DeployError

Answer = tuple[int, Any]
Ask = Callable[[str, str, str, Any], Answer]
SECONDS = 30
ATTEMPTS = 20
PAUSE = 3


def ask(method: str, url: str, bearer: str = "", body: Any = None) -> Answer:
    """Call the API: status and body, what it refuses too; 0 and why when nobody answers."""
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
    sent = json.dumps(body).encode() if body is not None else None
    request = Request(url, sent, headers, method=method)  # noqa: S310 (the stack's own https URL)
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, ValueError) as error:
        return 0, str(error)


def smoke_test(base: str, call: Ask = ask) -> None:
    """Raises ``DeployError`` unless the installation says that it is healthy.

    A new address is known everywhere only after some seconds.
    """
    for left in reversed(range(ATTEMPTS)):
        status, body = call("GET", f"{base}/v1/health", "", None)
        if status == 200:
            return
        time.sleep(PAUSE if left else 0)
    raise DeployError(f"{base}/v1/health answers {status or 'nothing'}: {body}")


def new_password() -> str:
    """A password that nobody guesses."""
    return secrets.token_urlsafe(16)


def register(base: str, email: str, password: str, call: Ask = ask) -> str | None:
    """Register the operator: a session's token; None if the address is registered already."""
    known = {"email": email, "password": password, "name": "Operator"}
    status, body = call("POST", f"{base}/api/auth/register", "", known)
    if status == 409:
        return None
    return _session(email, status, body)


def sign_in(base: str, email: str, password: str, call: Ask = ask) -> str:
    """Sign in: a session's token."""
    known = {"email": email, "password": password}
    return _session(email, *call("POST", f"{base}/api/auth/login", "", known))


def make_key(base: str, token: str, call: Ask = ask) -> str:
    """A key with the scope admin."""
    wanted = {"name": "operator's key", "scope": "admin"}
    status, made = call("POST", f"{base}/api/api-keys", token, wanted)
    if status != 201:
        raise DeployError(f"There is no key for the operator ({status}): {made}")
    return str(made["plaintext_key"])


def _session(email: str, status: int, body: Any) -> str:
    if status not in {200, 201}:
        raise DeployError(f"{email} could not be signed in ({status}): {body}")
    return str(body["access_token"])
