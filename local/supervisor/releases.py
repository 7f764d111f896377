"""All releases: begun, found by their ids, ended, put to sleep."""

import asyncio
import time
from collections.abc import Callable, Iterable

from chalicelib.engines.base import Progress, Release, Stage
from local.supervisor.limits import Limits
from local.supervisor.logs import Log
from local.supervisor.networks import Networks
from local.supervisor.places import Places
from local.supervisor.running import STOPPED, Running, State
from local.supervisor.traffic import Traffic
from local.supervisor.watchdog import Watchdog

_NOT_BUILT = Progress(
    Stage.FAILED, message="The build of this deployment is no longer kept; deploy it again."
)


class Releases:
    """All releases by their id."""

    def __init__(
        self,
        places: Places,
        networks: Networks,
        limits: Limits,
        watchdog: Watchdog,
        traffic: Traffic,
        *,
        announce: Callable[[str], None],
        report: Callable[[Release, State], None],
        changed: Callable[[], None],
    ) -> None:
        self._places = places
        self._networks = networks
        self._limits = limits
        self._watchdog = watchdog
        self._traffic = traffic
        self._announce = announce
        self._report = report
        self._reported: dict[str, State] = {}
        self._changed = changed
        self._all: dict[str, Running] = {}
        self._ends: dict[str, asyncio.Task[None]] = {}
        self._logs: dict[str, Log] = {}
        self._used_at: dict[str, float] = {}

    def put(self, release: Release, *, built: bool) -> Progress:
        """Begin to start a release at the first call; how far it is, at every call."""
        if release.release_id not in self._all:
            if release.release_id in self._ends:
                return STOPPED
            if not built:
                return _NOT_BUILT
            self._all[release.release_id] = self._run(release)
        return self._all[release.release_id].progress

    def _run(self, release: Release) -> Running:
        return Running(
            release,
            self._places,
            self._networks,
            self._limits,
            self.log(release.service_id),
            watchdog=self._watchdog,
            traffic=self._traffic,
            changed=self._note,
            settled=self._announce,
        )

    def _note(self, running: Running) -> None:
        release = running.release
        if self._reported.get(release.release_id) is not running.state:
            self._reported[release.release_id] = running.state
            self._report(release, running.state)
        self._changed()

    def is_healthy(self, release_id: str) -> bool:
        """Whether a release serves, or sleeps until it is asked."""
        found = self._all.get(release_id)
        return found is not None and found.progress.stage is Stage.HEALTHY

    def is_reachable(self, release_id: str) -> bool:
        """Whether requests may lead to a release."""
        return self._all[release_id].release.project_type != "worker"

    def healthy(self, service_id: str) -> int:
        """How many instances of a service answer their health checks."""
        return sum(
            len(each.serving)
            for each in self._all.values()
            if each.release.service_id == service_id
        )

    def where(self, release_id: str | None) -> tuple[list[int], State]:
        """The numbers of the instances that serve for a release, and what it does."""
        found = self._all.get(release_id or "")
        return (list(found.serving), found.state) if found else ([], State.STOPPED)

    def runs(self, deployment_id: str) -> bool:
        """Whether a release of this deployment has processes, or will have."""
        return any(
            each.release.deployment_id == deployment_id and each.is_alive
            for each in self._all.values()
        )

    def of(self, service_id: str | None = None) -> list[str]:
        """The ids of a service's releases, or of all."""
        return [
            release_id
            for release_id, each in self._all.items()
            if service_id in {None, each.release.service_id}
        ]

    def use(self, release_id: str | None) -> None:
        """Note that a release was asked; wake it if it sleeps."""
        if found := self._all.get(release_id or ""):
            self._used_at[found.release.release_id] = time.monotonic()
            found.wake()

    def scale(self, release_id: str | None, requests: int) -> None:
        """Let the number of a release's instances follow its requests in flight."""
        if found := self._all.get(release_id or ""):
            found.scale(requests, time.monotonic())

    async def put_idle_to_sleep(self) -> None:
        """Stop the instances of those that may sleep and that nobody has asked for a while."""
        idle = [each for each in self._all.values() if each.release.sleeps and self._is_idle(each)]
        await asyncio.gather(*(each.sleep() for each in idle))

    def _is_idle(self, running: Running) -> bool:
        now = time.monotonic()
        used_at = self._used_at.setdefault(running.release.release_id, now)
        return used_at < now - self._limits.idle_seconds

    async def end(self, release_ids: Iterable[str]) -> None:
        """End releases; returns when none has a process left."""
        # Who stops waiting (a caller that hung up) does not stop the end itself: no gather here.
        if ends := [self.begin_end(release_id) for release_id in release_ids]:
            await asyncio.wait(ends)

    def begin_end(self, release_id: str, *, drains: bool = False) -> asyncio.Task[None]:
        """Begin to end a release, at once or after its last request; if late, it never starts."""
        if release_id not in self._ends:
            ending = self._end(self._all.get(release_id), drains)
            self._ends[release_id] = asyncio.create_task(ending)
        return self._ends[release_id]

    async def _end(self, running: Running | None, drains: bool) -> None:
        if running and drains:
            await self._traffic.drain(running.serving)
        if running:
            await running.stop()
            self._forget(running.release.release_id)

    def _forget(self, release_id: str) -> None:
        """Drop a release that was ended; that its id stays among the ends is answer enough."""
        for kept in (self._all, self._reported, self._used_at):
            kept.pop(release_id, None)

    def log(self, service_id: str) -> Log:
        """The log of a service's processes."""
        path = self._places.service_log(service_id)
        return self._logs.setdefault(service_id, Log(path, self._limits.log_bytes, turns=True))
