"""Makes artifacts: clones a branch and runs the commands that build it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from chalicelib.buildpacks import detection
from chalicelib.buildpacks.failures import Failure
from chalicelib.buildpacks.folder import Step, working_directory
from chalicelib.engines.base import Build, Phase, Progress, Stage
from local.supervisor import commands, disk, environment, logs
from local.supervisor.git import Git
from local.supervisor.limits import Limits
from local.supervisor.networks import Networks
from local.supervisor.places import Places
from local.supervisor.sandbox import Sandbox
from local.supervisor.watchdog import Watchdog

_CANCELLED = Progress(Stage.FAILED, message="The deployment was cancelled.")


@dataclass
class _Making:
    build: Build
    progress: Progress
    task: asyncio.Task[None] | None = None


class Builds:
    """All builds by their deployment's id, the oldest first."""

    def __init__(
        self,
        places: Places,
        networks: Networks,
        limits: Limits,
        git: Git,
        watchdog: Watchdog,
        *,
        announce: Callable[[str], None],
        runs: Callable[[str], bool],
    ) -> None:
        self._places = places
        self._networks = networks
        self._limits = limits
        self._git = git
        self._watchdog = watchdog
        self._announce = announce
        self._runs = runs
        self._all: dict[str, _Making] = {}
        self._cancelled: set[str] = set()
        self._slots = asyncio.Semaphore(limits.builds_at_once)

    def remember(self) -> None:
        """Take over the artifacts that an earlier supervisor has made."""
        for deployment_id, note in self._places.built().items():
            build = Build(deployment_id, note["service_id"], job_id="", git_url="", branch="")
            self._all[deployment_id] = _Making(build, Progress(Stage.BUILT, note["commit"]))

    def put(self, build: Build) -> Progress:
        """Begin a build at the first call; how far it is, at every call."""
        if build.deployment_id in self._cancelled:
            return _CANCELLED
        if build.deployment_id not in self._all:
            making = _Making(build, Progress(Stage.CLONING))
            self._all[build.deployment_id] = making
            making.task = asyncio.create_task(self._run(making, build))
        return self._all[build.deployment_id].progress

    def is_built(self, deployment_id: str) -> bool:
        """Whether there is an artifact to be started."""
        making = None if deployment_id in self._cancelled else self._all.get(deployment_id)
        was_built = making is not None and making.progress.stage is Stage.BUILT
        return was_built and self._places.artifact(deployment_id).is_dir()

    def is_over(self, deployment_id: str) -> bool:
        """Whether a build that was asked for has ended."""
        making = self._all.get(deployment_id)
        ended = making is not None and making.progress.stage in {Stage.BUILT, Stage.FAILED}
        return ended or deployment_id in self._cancelled

    async def cancel(self, deployment_id: str) -> None:
        """End a build and remove its artifact; a request that comes late begins no other."""
        self._cancelled.add(deployment_id)
        await self._end(deployment_id)
        await asyncio.to_thread(self._places.remove_artifact, deployment_id)

    async def remove(self, service_id: str) -> None:
        """Cancel the builds of a service, and remove what they made and their logs."""
        mine = self._of(service_id)
        await asyncio.gather(*map(self.cancel, mine))
        for deployment_id in mine:
            logs.remove(self._places.build_log(deployment_id))

    async def close(self) -> None:
        """End every build."""
        await asyncio.gather(*map(self._end, self._all))

    async def _end(self, deployment_id: str) -> None:
        making = self._all.get(deployment_id)
        if making and making.task:
            making.task.cancel()
            await asyncio.wait([making.task])

    def _of(self, service_id: str) -> list[str]:
        return [each for each, making in self._all.items() if making.build.service_id == service_id]

    async def _run(self, making: _Making, build: Build) -> None:
        log = logs.Log(
            self._places.build_log(build.deployment_id), self._limits.log_bytes, turns=False
        )
        try:
            async with self._slots, asyncio.timeout(self._limits.build_seconds):
                await self._make_within_disk(making, build, log)
            note = {"service_id": build.service_id, "commit": making.progress.commit or ""}
            self._places.note_built(build.deployment_id, note)
            self._move(making, Stage.BUILT)
            await self._tidy(build.service_id)
        except Failure as failure:
            await self._fail(making, build, log, str(failure))
        except TimeoutError:
            minutes = self._limits.build_seconds / 60
            message = f"The build took longer than {minutes:g} minutes; make it do less."
            await self._fail(making, build, log, message)
        except Exception:
            logging.exception("build %s", build.deployment_id)
            message = "The build failed through no fault of the app; deploy it again."
            await self._fail(making, build, log, message)

    async def _make_within_disk(self, making: _Making, build: Build, log: logs.Log) -> None:
        check = partial(disk.check, self._trees(build), self._limits.build)
        alarm = disk.every(self._limits.disk_seconds, check)
        await disk.unless(alarm, self._make(making, build, log))
        await check()

    async def _make(self, making: _Making, build: Build, log: logs.Log) -> None:
        log.say(f'Cloning the branch "{build.branch}"')
        sha = await self._git.clone(build, log)
        making.progress = replace(making.progress, commit=sha)
        self._move(making, Stage.BUILDING)
        tree = self._places.artifact(build.deployment_id)
        root = working_directory(tree, build.root_directory)
        for remark in await asyncio.to_thread(detection.remarks, root):
            log.say(remark)
        steps = detection.build_steps(root, build.build_command, tree)
        if not steps:
            log.say("Nothing to build")
        for step in steps:
            log.say(step.title)
            await self._take(step, build, log)
        log.say(f"Built commit {sha}")

    async def _take(self, step: Step, build: Build, log: logs.Log) -> None:
        tree, home = self._trees(build)
        allowed = self._limits.build
        root = working_directory(tree, build.root_directory)
        command = await commands.spawn(
            ["/bin/sh", "-c", step.command],
            run=str(tree),
            cwd=step.directory or root,
            env=environment.for_build(build, self._places, root, way_out=self._networks.way_out()),
            write=log.write,
            sandbox=Sandbox(
                [tree, home, self._places.caches(build.service_id)],
                network=self._networks.for_build(),
                room_bytes=allowed.memory_bytes,
            ),
            allowed=allowed,
        )
        self._watchdog.watch(command, allowed)
        try:
            status = await command.wait()
        finally:
            await command.kill()
        if status != 0 or command.verdict:
            raise Failure(command.why(f"{step.title} ended with", status))

    def _trees(self, build: Build) -> list[Path]:
        """Where a build leaves what it makes."""
        return [self._places.artifact(build.deployment_id), self._places.home(build.deployment_id)]

    async def _fail(self, making: _Making, build: Build, log: logs.Log, message: str) -> None:
        log.say(f"Failed: {message}")
        try:
            await asyncio.to_thread(self._places.remove_artifact, build.deployment_id)
        finally:
            phase: Phase = "clone" if making.progress.stage is Stage.CLONING else "build"
            making.progress = replace(making.progress, message=message, phase=phase)
            self._move(making, Stage.FAILED)

    def _move(self, making: _Making, stage: Stage) -> None:
        making.progress = replace(making.progress, stage=stage)
        self._announce(making.build.job_id)

    async def _tidy(self, service_id: str) -> None:
        """Remove the oldest artifacts of a service; if asked for again, they are made anew."""
        mine = self._of(service_id)
        built = [each for each in mine if self.is_built(each)]
        for deployment_id in built[: -self._limits.artifacts_kept]:
            if not self._runs(deployment_id):
                await asyncio.to_thread(self._places.remove_artifact, deployment_id)
                del self._all[deployment_id]
        for deployment_id in mine[: -self._limits.build_logs_kept]:
            logs.remove(self._places.build_log(deployment_id))
