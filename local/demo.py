"""The account that a newcomer finds: made through the API, like any other, at the first start."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from .gateway import Gateway

EMAIL = "demo@example.com"
CHANGED = "not-known-here"

Account = dict[str, str]


def account(gateway: Gateway, file: Path) -> Account:
    """The demo account with its password and key, which the file keeps from start to start."""
    kept = _read(file) or {"email": EMAIL, "password": secrets.token_urlsafe(12), "key": ""}
    if _opens(gateway, kept["key"]):
        return kept
    _write(file, kept)  # first, so that a kill from here on loses no password
    token = _sign_in(gateway, kept)
    if token is None:
        return kept | {"password": CHANGED, "key": CHANGED}
    kept["key"] = _make_key(gateway, token)
    _write(file, kept)
    return kept


def _opens(gateway: Gateway, key: str) -> bool:
    return bool(key) and _call(gateway, "GET", "/v1/users/me", key) is not None


def _sign_in(gateway: Gateway, kept: Account) -> str | None:
    """An access token: of the account made now, or of the one that is there, if it still can."""
    known = {"email": kept["email"], "password": kept["password"]}
    registered = _call(gateway, "POST", "/api/auth/register", body=known | {"name": "Demo"})
    signed_in = registered or _call(gateway, "POST", "/api/auth/login", body=known)
    return str(signed_in["access_token"]) if signed_in else None


def _make_key(gateway: Gateway, token: str) -> str:
    wanted = {"name": "demo", "scope": "admin"}
    made = _call(gateway, "POST", "/api/api-keys", token, wanted)
    if made is None:
        raise RuntimeError("the demo account got no key; the log says why")
    return str(made["plaintext_key"])


def _call(gateway: Gateway, method: str, path: str, bearer: str = "", body: Any = None) -> Any:
    """What the API answers, or None when it refuses."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    sent = json.dumps(body).encode() if body else b""
    status, _, answer = gateway.handle(method, path, headers, sent, "local")
    return json.loads(answer) if status < 300 else None


def _read(file: Path) -> Account | None:
    return json.loads(file.read_text()) if file.exists() else None


def _write(file: Path, kept: Account) -> None:
    """Replace the file at once: only its owner can read it, and no kill leaves half of it."""
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(kept))
    os.replace(new, file)
