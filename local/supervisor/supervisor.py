"""What the supervisor knows and does: builds, releases, and which host leads where."""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.engines.base import Build, LogPage, Progress, Release, Sample
from local.supervisor import cgroups, commands, logs
from local.supervisor.builds import Builds
from local.supervisor.census import Usage
from local.supervisor.feed import Feed
from local.supervisor.following import follow
from local.supervisor.git import Git
from local.supervisor.limits import Limits
from local.supervisor.metrics import Metrics
from local.supervisor.networks import Networks
from local.supervisor.places import Places, remove
from local.supervisor.releases import Releases
from local.supervisor.running import State
from local.supervisor.traffic import Traffic
from local.supervisor.watchdog import Watchdog

_SCALE_SECONDS = 1.0


class NotServing(Exception):
    """Traffic was to go to a release that is not healthy."""


@dataclass
class _Route:
    host: str | None
    release_id: str | None


class Supervisor:
    """Runs users' code. What an earlier supervisor had built can be started again."""

    def __init__(
        self, places: Places, networks: Networks, limits: Limits, schemes: Sequence[str]
    ) -> None:
        self._places = places
        self._networks = networks
        self._limits = limits
        self._routes: dict[str, _Route] = {}
        self.events = Feed()
        self.routes = Feed()
        self._watchdog = Watchdog(limits, note=self._note)
        self._traffic = Traffic(limits)
        self._releases = Releases(
            places, networks, limits, self._watchdog, self._traffic,
            announce=self._announce,
            report=self._report,
            changed=self._publish_routes,
        )  # fmt: skip
        self._builds = Builds(
            places, networks, limits, Git(places, schemes), self._watchdog,
            announce=self._announce,
            runs=self._releases.runs,
        )  # fmt: skip
        self._metrics = Metrics(self._releases.healthy, limits.memory_bytes)

    def clear(self) -> None:
        """End what an earlier supervisor left running; its artifacts are taken over."""
        commands.kill_runs(f"{self._places.root}/")
        cgroups.clear()
        self._places.clear()
        self._networks.clear()
        self._builds.remember()

    def build(self, build: Build) -> Progress:
        """Begin a build, or say how far it is."""
        return self._builds.put(build)

    async def cancel_build(self, deployment_id: str) -> None:
        """End a build and remove its directory."""
        await self._builds.cancel(deployment_id)

    def build_log(self, deployment_id: str) -> str:
        """The log of a build; empty when there is none."""
        return logs.read(self._places.build_log(deployment_id))

    def start(self, release: Release) -> Progress:
        """Begin to start a release, or say how far it is."""
        return self._releases.put(release, built=self._builds.is_built(release.deployment_id))

    async def end_release(self, release_id: str) -> None:
        """End a release; returns when it has no process left."""
        await self._releases.end([release_id])

    def switch(self, service_id: str, release_id: str, host: str) -> None:
        """Send a host's requests to a release; raises NotServing when it is not healthy.

        A worker serves without a host.
        """
        if not self._releases.is_healthy(release_id):
            raise NotServing(f"The release {release_id} is not healthy.")
        reachable = self._releases.is_reachable(release_id)
        self._routes[service_id] = _Route(host if reachable else None, release_id)
        self._publish_routes()

    def retire(self, service_id: str, keep: str | None) -> None:
        """Let the host lead to ``keep``, and end every other release once the requests that it
        still answers are through."""
        if route := self._routes.get(service_id):
            route.release_id = keep
            self._publish_routes()
        for release_id in self._releases.of(service_id):
            if release_id != keep:
                self._releases.begin_end(release_id, drains=True)

    async def remove(self, service_id: str) -> None:
        """Remove all that a service has."""
        if self._routes.pop(service_id, None):
            self._publish_routes()
        await self._releases.end(self._releases.of(service_id))
        await self._builds.remove(service_id)
        self._metrics.forget(service_id)
        logs.remove(self._places.service_log(service_id))
        await asyncio.to_thread(remove, self._places.caches(service_id))

    def logs(self, service_id: str, tail: int, since: int | None) -> LogPage:
        """The last lines of a service's processes, and the release that serves."""
        route = self._routes.get(service_id)
        text = logs.read_tail(self._places.service_log(service_id), tail, since)
        return LogPage(text, route.release_id if route else None)

    def metrics(self, service_id: str, seconds: int) -> list[Sample]:
        """What a service took in the last ``seconds``; the last sample is of now."""
        return self._metrics.of(service_id, seconds, time.time())

    def follow_service(
        self, service_id: str, tail: int | None, since: int | None
    ) -> AsyncGenerator[bytes]:
        """The last lines of a service's processes and all that come, until it is removed."""
        return follow(self._places.service_log(service_id), tail, since, lambda: False)

    def follow_build(self, deployment_id: str) -> AsyncGenerator[bytes]:
        """The log of a build from its beginning until the build is over."""
        path = self._places.build_log(deployment_id)
        return follow(path, None, None, lambda: self._builds.is_over(deployment_id))

    def hosts(self) -> dict[str, object]:
        """Where each host leads: {"hosts": {host: {"instances": [int], "state": str}}}."""
        routes = [route for route in self._routes.values() if route.host]
        return {"hosts": {route.host: self._where(route) for route in routes}}

    def use(
        self,
        hosts: Mapping[str, int],
        instances: Collection[int],
        visits: Mapping[str, Sequence[str]],
    ) -> None:
        """Note how many requests hosts have, which instances have any, and what was answered.

        What sleeps wakes up.
        """
        self._traffic.note(hosts, instances)
        for service_id, route in self._routes.items():
            host = route.host or ""
            if host in hosts:
                self._releases.use(route.release_id)
            if lines := visits.get(host):
                self._releases.log(service_id).say("\n".join(lines))

    async def put_idle_to_sleep(self) -> None:
        """Look for ever for services that nobody has asked for a while."""
        while True:
            await asyncio.sleep(self._limits.idle_seconds / 10)
            await self._releases.put_idle_to_sleep()

    async def scale(self) -> None:
        """Let the numbers of instances follow the load for ever."""
        while True:
            await asyncio.sleep(_SCALE_SECONDS)
            for route in self._routes.values():
                self._releases.scale(route.release_id, self._traffic.to_host(route.host or ""))

    async def watch(self) -> None:
        """Hold the users' commands to their limits for ever."""
        await self._watchdog.run()

    async def close(self) -> None:
        """End every process of every user."""
        await asyncio.gather(self._releases.end(self._releases.of()), self._builds.close())
        await asyncio.to_thread(commands.kill_runs, f"{self._places.root}/")

    def _where(self, route: _Route) -> dict[str, object]:
        instances, state = self._releases.where(route.release_id)
        return {"instances": instances, "state": state}

    def _note(self, usages: dict[str, Usage]) -> None:
        self._metrics.note(usages, time.time())

    def _announce(self, job_id: str) -> None:
        if job_id:
            self.events.publish({"job_id": job_id})

    def _report(self, release: Release, state: State) -> None:
        told = {"tenant": release.tenant, "service_id": release.service_id}
        self.events.publish({**told, "release_id": release.release_id, "state": state})

    def _publish_routes(self) -> None:
        self.routes.publish(self.hosts())
