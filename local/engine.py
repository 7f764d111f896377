"""The engine of the local run: asks the supervisor over its Unix socket."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from chalicelib.engines.base import (
    ALL_PROJECT_TYPES,
    Build,
    EngineUnavailable,
    LogPage,
    Progress,
    Release,
    Sample,
    Stage,
)

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 60.0  # ending a release takes as long as it is given to end by itself
_SILENCE_SECONDS = 10.0
_AGAIN_SECONDS = 0.5


@dataclass(frozen=True)
class Listener:
    """What is called with the news: a job's id, a release's state, a connection made anew."""

    on_job: Callable[[str], None]
    on_state: Callable[[str, str, str, str], None]
    on_connect: Callable[[], None]


class LocalEngine:
    """Implements ``chalicelib.engines.base.Engine``; one client, shared by all threads."""

    project_types = ALL_PROJECT_TYPES

    def __init__(self, socket: Path) -> None:
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            base_url="http://supervisor",
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=5),
        )

    def close(self) -> None:
        """Close the connections to the supervisor."""
        self._client.close()

    def check(self) -> None:
        """Nothing, when the supervisor answers."""
        self._call("GET", "/health")

    def build(self, build: Build) -> Progress:
        """Begin the build, or say how far it is."""
        return _progress(self._call("PUT", f"/builds/{build.deployment_id}", asdict(build)))

    def start(self, release: Release) -> Progress:
        """Begin to start the release, or say how far it is."""
        return _progress(self._call("PUT", f"/releases/{release.release_id}", asdict(release)))

    def switch(self, service_id: str, release_id: str, host: str) -> str | None:
        """Send the host's traffic to a healthy release."""
        body = {"release_id": release_id, "host": host}
        self._call("PUT", f"/services/{service_id}/traffic", body)
        return None

    def retire(self, service_id: str, keep: str | None) -> None:
        """Lead the service's host to ``keep``, and stop every other release."""
        self._call("POST", f"/services/{service_id}/retire", {"keep": keep})

    def cancel(self, deployment_id: str) -> None:
        """End the build of a deployment and remove what it left."""
        self._call("DELETE", f"/builds/{deployment_id}")

    def cancel_release(self, release_id: str) -> None:
        """End the start of a release, or the release, and remove what it left."""
        self._call("DELETE", f"/releases/{release_id}")

    def remove(self, service_id: str) -> None:
        """Remove all that the service has."""
        self._call("DELETE", f"/services/{service_id}")

    def build_log(self, deployment_id: str) -> str:
        """The log of a build; empty when there is none."""
        return str(self._call("GET", f"/builds/{deployment_id}/log")["log"])

    def logs(self, service_id: str, tail: int, since: int | None) -> LogPage:
        """The last ``tail`` lines written at or after ``since`` (epoch seconds)."""
        query = f"?tail={tail}" + (f"&since={since}" if since is not None else "")
        return LogPage(**self._call("GET", f"/services/{service_id}/logs{query}"))

    def metrics(self, service_id: str, period_seconds: int) -> list[Sample]:
        """What a service took in the last ``period_seconds``."""
        found = self._call("GET", f"/services/{service_id}/metrics?period={period_seconds}")
        return [Sample(**each) for each in found["samples"]]

    def listen(self, listener: Listener, stop: threading.Event) -> threading.Thread:
        """Tell the listener what is new, from the thread that is answered."""
        thread = threading.Thread(
            target=self._listen, args=(listener, stop), name="engine-events", daemon=True
        )
        thread.start()
        return thread

    def _listen(self, listener: Listener, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._follow(listener, stop)
            except (httpx.TransportError, httpx.HTTPStatusError):
                stop.wait(_AGAIN_SECONDS)

    def _follow(self, listener: Listener, stop: threading.Event) -> None:
        with self._client.stream("GET", "/events", timeout=_SILENCE_SECONDS) as response:
            response.raise_for_status()
            listener.on_connect()
            for line in response.iter_lines():
                if stop.is_set():
                    return
                if line:
                    _hand_on_safely(listener, json.loads(line))
        stop.wait(_AGAIN_SECONDS)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            response = self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            raise EngineUnavailable(f"The supervisor does not answer: {error!r}") from error
        if response.is_server_error or response.status_code == httpx.codes.CONFLICT:
            raise EngineUnavailable(response.text)
        response.raise_for_status()
        return response.json() if response.content else None


def _hand_on_safely(listener: Listener, news: dict[str, str]) -> None:
    try:
        _hand_on(listener, news)
    except Exception:
        log.exception("news of the supervisor was lost")


def _hand_on(listener: Listener, news: dict[str, str]) -> None:
    if "job_id" in news:
        listener.on_job(news["job_id"])
    else:
        names = ("tenant", "service_id", "release_id", "state")
        listener.on_state(*(news[name] for name in names))


def _progress(answer: dict[str, Any]) -> Progress:
    return Progress(**{**answer, "stage": Stage(answer["stage"])})
