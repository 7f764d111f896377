"""The account that a newcomer finds: made through the API, like any other."""

import json
import secrets
from typing import Any

from .gateway import Gateway

EMAIL = "demo@example.com"


def make_account(gateway: Gateway) -> dict[str, str]:
    """Register the demo account with a password of its own, and make it a key."""
    password = secrets.token_urlsafe(12)
    person = {"email": EMAIL, "password": password, "name": "Demo"}
    signed_in = _post(gateway, "/api/auth/register", person, {})
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    key = _post(gateway, "/api/api-keys", {"name": "demo", "scope": "admin"}, bearer)
    return {"email": EMAIL, "password": password, "key": key["plaintext_key"]}


def _post(gateway: Gateway, path: str, body: Any, headers: dict[str, str]) -> Any:
    status, _, answer = gateway.handle("POST", path, headers, json.dumps(body).encode(), "local")
    if status != 201:
        raise RuntimeError(f"{path} answered {status}: {answer.decode()}")
    return json.loads(answer)
