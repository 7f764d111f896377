"""One process of a release: started, found healthy, watched, ended."""

import asyncio
import contextlib
import itertools
import os
import socket
import time

from chalicelib.buildpacks.failures import Failure
from chalicelib.buildpacks.folder import Step, working_directory
from chalicelib.engines.base import Release
from local.doors import Door
from local.supervisor import commands, environment
from local.supervisor.health import HealthCheck
from local.supervisor.limits import Limits
from local.supervisor.logs import Log
from local.supervisor.networks import Networks
from local.supervisor.places import Places
from local.supervisor.sandbox import Sandbox
from local.supervisor.watchdog import Watchdog

# Below the ports that systems hand out for outgoing connections; two supervisors on one machine
# shall not reach for the same ones.
_NUMBERS = itertools.cycle(range(20000, 30000))
next(itertools.islice(_NUMBERS, os.getpid() * 97 % 10000, None))


class Spawner:
    """Runs the commands of one release in its tree."""

    def __init__(
        self,
        release: Release,
        places: Places,
        networks: Networks,
        log: Log,
        watchdog: Watchdog,
    ) -> None:
        self._release = release
        self._places = places
        self._watchdog = watchdog
        self.networks = networks
        self.tree = places.artifact(release.deployment_id)
        self.root = working_directory(self.tree, release.root_directory)
        self.log = log

    @property
    def release(self) -> Release:
        """Whose commands they are."""
        return self._release

    def port(self, number: int | None = None) -> int | None:
        """Where the instance with this number listens; None for a worker, which does not."""
        if self._release.project_type == "worker":
            return None
        return self.networks.port(self._release.port, number or self._release.port)

    async def spawn(self, step: Step, number: int | None = None) -> commands.Command:
        """Start a command; what it prints goes to the service's log.

        The number is an instance's. To what has none nobody comes in.
        """
        self.log.say(step.title)
        home = self._places.home(self._release.deployment_id)
        allowed = self._watchdog.limits.app
        port = self.port(number)
        command = await commands.spawn(
            ["/bin/sh", "-c", step.command],
            run=str(self.tree / self._release.release_id / str(number or "pre-deploy")),
            cwd=self.root,
            env=environment.for_run(
                self._release, self._places, self.root, port, way_out=self.networks.way_out(port)
            ),
            write=self.log.write,
            sandbox=Sandbox(
                [self.tree, home],
                [self._places.caches(self._release.service_id)],
                self.networks.for_app(port, number),
                allowed.memory_bytes,
            ),
            allowed=allowed,
        )
        self._watchdog.watch(command, allowed, self._release.service_id, [self.tree, home])
        return command


class Instance:
    """A process that serves on a port; outside of its network it goes by a number of its own."""

    def __init__(self, command: commands.Command, port: int | None, door: Door) -> None:
        self.port = port
        self._door = door
        self._command = command
        self._began = time.monotonic()

    @classmethod
    async def start(cls, spawner: Spawner, step: Step) -> "Instance":
        """Start the command, with a number that is a free port where no network is its own."""
        number = next(filter(_is_free, _NUMBERS))
        command = await spawner.spawn(step, number)
        return cls(command, spawner.port(number), spawner.networks.doors.to(number))

    @property
    def number(self) -> int:
        """Its name outside."""
        return self._door.number

    @property
    def place(self) -> str:
        """Where it serves, for the log; nothing for a worker."""
        return f" on port {self.port} (instance {self.number})" if self.port else ""

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began

    async def until_healthy(self, release: Release, limits: Limits) -> None:
        """Return once it serves; a worker, once it has stayed alive. Raises ``Failure``."""
        if self.port is None:
            await self._stays_alive(limits.worker_seconds)
        else:
            check = HealthCheck(self._command, self.port, release.health_check_path, self._door)
            await self._passes(check, limits.start_seconds)

    async def _stays_alive(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                raise await self.until_it_ends()

    async def _passes(self, check: HealthCheck, seconds: float) -> None:
        """Return once it does. Raises ``Failure`` when it ended or took too long."""
        serving = asyncio.create_task(check.passes())
        ending = asyncio.create_task(self._command.wait())
        try:
            await asyncio.wait(
                [serving, ending],
                timeout=seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if ending.done():
                raise self._why(ending.result())
            if not serving.done():
                raise Failure(await check.why_not(seconds), "health_check")
            serving.result()
        finally:
            serving.cancel()
            ending.cancel()

    async def until_it_ends(self) -> Failure:
        """Why it ended, once it has."""
        return self._why(await self._command.wait())

    async def stop(self, grace: float) -> None:
        """Ask it to end, and kill what is left after ``grace`` seconds."""
        await self._command.stop(grace)

    async def kill(self) -> None:
        """Kill all of its processes."""
        await self._command.kill()

    def _why(self, status: int) -> Failure:
        return Failure(self._command.why("The app ended with", status))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - free at every address, and closed at once
        except OSError:
            return False
    return True
