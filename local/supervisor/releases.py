"""Starts artifacts as processes, watches them, and ends them."""

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from chalicelib.engines.base import Progress, Release, Stage
from local.supervisor import commands, detection, environment
from local.supervisor.failures import Failure, explain
from local.supervisor.health import HealthCheck
from local.supervisor.languages.folder import Step
from local.supervisor.limits import Limits
from local.supervisor.logs import Log
from local.supervisor.places import Places, working_directory

# Below the ports that systems hand out for outgoing connections.
_PORTS = range(20000, 30000)
_STOPPED = Progress(Stage.FAILED, message="The release was stopped.")
_NOT_BUILT = Progress(
    Stage.FAILED, message="The build of this deployment is no longer kept; deploy it again."
)


@dataclass
class _Instance:
    release: Release
    log: Log
    progress: Progress = field(default_factory=lambda: Progress(Stage.STARTING))
    port: int | None = None
    command: commands.Command | None = None
    life: asyncio.Task[None] | None = None


class Releases:
    """All releases by their id."""

    def __init__(
        self,
        places: Places,
        limits: Limits,
        *,
        announce: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._places = places
        self._limits = limits
        self._announce = announce
        self._changed = changed
        self._all: dict[str, _Instance] = {}
        self._ends: dict[str, asyncio.Task[None]] = {}
        self._logs: dict[str, Log] = {}
        self._ports = itertools.cycle(_PORTS)
        # Two supervisors on one machine shall not reach for the same ports.
        next(itertools.islice(self._ports, os.getpid() * 97 % len(_PORTS), None))

    def put(self, release: Release, *, built: bool) -> Progress:
        """Begin to start a release at the first call; how far it is, at every call."""
        if release.release_id not in self._all:
            if release.release_id in self._ends:
                return _STOPPED
            if not built:
                return _NOT_BUILT
            instance = _Instance(release, self._log(release.service_id))
            self._all[release.release_id] = instance
            instance.life = asyncio.create_task(self._live(instance, release))
        return self._all[release.release_id].progress

    def port(self, release_id: str | None) -> int | None:
        """The port of a healthy release; None for any other."""
        instance = self._all.get(release_id or "")
        return instance.port if instance and instance.progress.stage is Stage.HEALTHY else None

    def runs(self, deployment_id: str) -> bool:
        """Whether a release of this deployment has processes, or will have."""
        return any(
            each.release.deployment_id == deployment_id and each.life and not each.life.done()
            for each in self._all.values()
        )

    def of(self, service_id: str | None = None) -> list[str]:
        """The ids of a service's releases, or of all."""
        return [
            release_id
            for release_id, each in self._all.items()
            if service_id in {None, each.release.service_id}
        ]

    async def end(self, release_ids: Iterable[str]) -> None:
        """End releases; returns when none has a process left."""
        # Who stops waiting (a caller that hung up) does not stop the end itself: no gather here.
        if ends := [self.begin_end(release_id) for release_id in release_ids]:
            await asyncio.wait(ends)

    def begin_end(self, release_id: str, after: float = 0) -> asyncio.Task[None]:
        """Begin to end a release, ``after`` seconds from now; one that comes late never starts."""
        if release_id not in self._ends:
            ending = self._end(self._all.get(release_id), after)
            self._ends[release_id] = asyncio.create_task(ending)
        return self._ends[release_id]

    async def _end(self, instance: _Instance | None, after: float) -> None:
        if instance is None:
            return
        await asyncio.sleep(after)
        instance.progress = _STOPPED
        self._changed()
        if instance.command:
            await instance.command.stop(self._limits.grace_seconds)
        if instance.life:
            instance.life.cancel()
            await asyncio.wait([instance.life])
        instance.progress = _STOPPED  # it may have become healthy at the last moment
        self._changed()

    async def _live(self, instance: _Instance, release: Release) -> None:
        try:
            await self._serve(instance, release)
        except Failure as failure:
            self._fail(instance, str(failure))
        except Exception:
            logging.exception("release %s", release.release_id)
            self._fail(instance, "The start failed through no fault of the app; deploy it again.")

    async def _serve(self, instance: _Instance, release: Release) -> None:
        try:
            await self._start(instance, release)
            instance.log.say(f"Healthy on port {instance.port}")
            self._move(instance, Stage.HEALTHY)
            await self._watch(instance)
        finally:
            if instance.command:
                await instance.command.kill()

    async def _watch(self, instance: _Instance) -> None:
        if not instance.command:
            return
        status = await instance.command.wait()
        if instance.release.release_id in self._ends:
            instance.log.say("Stopped")
            return
        raise Failure(explain("The app ended with", status, instance.command.tail))

    async def _start(self, instance: _Instance, release: Release) -> None:
        tree = self._places.artifact(release.deployment_id)
        root = working_directory(tree, release.root_directory)
        start = detection.start_step(root, release.start_command, tree)
        instance.port = next(filter(_is_free, self._ports))
        if release.pre_deploy_command:
            await self._prepare(instance, release, release.pre_deploy_command)
        instance.command = await self._spawn(instance, release, start)
        await self._until_healthy(instance.command, instance.port, release.health_check_path)

    async def _prepare(self, instance: _Instance, release: Release, text: str) -> None:
        seconds = self._limits.pre_deploy_seconds
        command = await self._spawn(instance, release, Step(text, text))
        try:
            async with asyncio.timeout(seconds):
                status = await command.wait()
        except TimeoutError:
            message = (
                f"The pre-deploy command took longer than {seconds:g} seconds; make it do less."
            )
            raise Failure(message) from None
        finally:
            await command.kill()
        if status != 0:
            raise Failure(explain("The pre-deploy command ended with", status, command.tail))

    async def _spawn(self, instance: _Instance, release: Release, step: Step) -> commands.Command:
        tree = self._places.artifact(release.deployment_id)
        root = working_directory(tree, release.root_directory)
        instance.log.say(step.title)
        return await commands.spawn(
            ["/bin/sh", "-c", step.command],
            run=str(tree / release.release_id),
            cwd=root,
            env=environment.for_run(release, self._places, root, instance.port or 0),
            write=instance.log.write,
        )

    async def _until_healthy(self, command: commands.Command, port: int, path: str | None) -> None:
        seconds = self._limits.start_seconds
        check = HealthCheck(command, port, path)
        serving = asyncio.create_task(check.passes())
        ending = asyncio.create_task(command.wait())
        try:
            await asyncio.wait(
                [serving, ending], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if ending.done():
                raise Failure(explain("The app ended with", ending.result(), command.tail))
            if not serving.done():
                raise Failure(await check.why_not(seconds))
            serving.result()
        finally:
            serving.cancel()
            ending.cancel()

    def _fail(self, instance: _Instance, message: str) -> None:
        if instance.release.release_id not in self._ends:
            instance.log.say(f"Failed: {message}")
            self._move(instance, Stage.FAILED, message)

    def _move(self, instance: _Instance, stage: Stage, message: str | None = None) -> None:
        instance.progress = Progress(stage, message=message)
        self._changed()
        self._announce(instance.release.job_id)

    def _log(self, service_id: str) -> Log:
        path = self._places.service_log(service_id)
        return self._logs.setdefault(service_id, Log(path, self._limits.log_bytes, turns=True))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - free at every address, and closed at once
        except OSError:
            return False
    return True
