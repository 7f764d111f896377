"""Asks the running product how it is, with the demo account's key."""

import json
import re
from typing import Any

import httpx

from .place import STATE, Ports
from .status_view import Access, Service, View

MOST_SERVICES = 20
OVER = {"running", "failed", "cancelled"}
_QUOTA = re.compile(r'"([^"]+)";q=(\d+)')
_STANDING = re.compile(r'"([^"]+)";r=(\d+);t=(\d+)')


class NotRunning(Exception):
    """There is nothing to look at."""


class Product:
    """The running product; it is asked sparingly, for the account's calls are counted.

    ``pause`` is how many seconds to wait before the next look.
    """

    def __init__(self) -> None:
        self.access = _access()
        self.pause = 1.0
        self._calls = 0
        self._deployments: dict[tuple[str, ...], Any] = {}
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.access.api}",
            headers={"Authorization": f"Bearer {self.access.key}"},
            timeout=30,
            trust_env=False,
        )

    def look(self) -> View:
        """How everything is now. Raises ``NotRunning`` and ``httpx.HTTPStatusError``."""
        self._calls = 0
        parts = self._get("/v1/status")["components"]
        listed = self._get(f"/api/web-services?limit={MOST_SERVICES}")
        services = [self._service(found) for found in listed["web_services"]]
        hidden = listed["total"] - len(services)
        return View({part["name"]: part["status"] for part in parts}, services, hidden)

    def _service(self, found: dict[str, Any]) -> Service:
        deployment = self._deployment(found) or {}
        log = self._get(f"/api/web-services/{found['id']}/logs?tail=1")["logs"]
        low, high = found["min_instances"], found["max_instances"]
        return Service(
            name=found["name"],
            status=found["status"],
            url=found["url"] or "-",
            instances=str(low) if low == high else f"{low}-{high}",
            deployment=deployment.get("status", ""),
            deployed_at=deployment.get("finished_at") or deployment.get("created_at") or "",
            last_line=log.rstrip("\n").partition(" ")[2],
        )

    def _deployment(self, found: dict[str, Any]) -> Any:
        """The service's last deployment; asked for again only when something has changed."""
        known = (found["id"], found["status"], found["updated_at"])
        if known not in self._deployments:
            path = f"/api/web-services/{found['id']}/deployments?limit=1"
            last = next(iter(self._get(path)["deployments"]), None)
            if last is None or last["status"] not in OVER:
                return last
            self._deployments[known] = last
        return self._deployments[known]

    def _get(self, path: str) -> Any:
        try:
            answer = self._client.get(path)
            answer.raise_for_status()
            self._calls += 1
            self.pause = _pause(answer.headers, self._calls)
            return answer.json()
        except (httpx.TransportError, ValueError):
            raise NotRunning from None


def _access() -> Access:
    try:
        ports, kept = Ports.read(), json.loads((STATE / "demo.json").read_text())
        return Access(ports.api, ports.proxy, kept["key"])
    except (OSError, ValueError, KeyError, TypeError):
        raise NotRunning from None


def _pause(headers: httpx.Headers, calls: int) -> float:
    """Seconds until so many calls may be made again: a second, until half of a limit is used."""
    quotas = {name: int(quota) for name, quota in _QUOTA.findall(headers["RateLimit-Policy"])}
    standing = [(name, int(r), int(t)) for name, r, t in _STANDING.findall(headers["RateLimit"])]
    low = [calls * t / max(r, 1) for name, r, t in standing if r < quotas[name] / 2]
    return max([1.0, *low])
