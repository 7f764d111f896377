"""One release: its pre-deploy command, its instances, its sleep."""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum

from chalicelib.buildpacks.failures import Failure
from chalicelib.buildpacks.folder import Step
from chalicelib.engines.base import Phase, Progress, Release, Stage
from local.supervisor import detection
from local.supervisor.instance import Spawner
from local.supervisor.keeping import Instances
from local.supervisor.limits import Limits
from local.supervisor.logs import Log
from local.supervisor.networks import Networks
from local.supervisor.places import Places
from local.supervisor.scaling import Scaling
from local.supervisor.traffic import Traffic
from local.supervisor.watchdog import Watchdog

STOPPED = Progress(Stage.FAILED, message="The release was stopped.")


class State(StrEnum):
    """What a release does at the moment."""

    STARTING = "starting"
    RUNNING = "running"
    SLEEPING = "sleeping"
    STOPPED = "stopped"
    FAILED = "failed"


class Running:
    """Keeps a release alive until it is stopped.

    It fails when an instance cannot start at first, or when later none serves and one has died too
    often in a row.
    """

    def __init__(
        self,
        release: Release,
        places: Places,
        networks: Networks,
        limits: Limits,
        log: Log,
        *,
        watchdog: Watchdog,
        traffic: Traffic,
        changed: "Callable[[Running], None]",
        settled: Callable[[str], None],
    ) -> None:
        self.release = release
        self.progress = Progress(Stage.STARTING)
        self.state = State.STARTING
        self._places = places
        self._networks = networks
        self._limits = limits
        self._log = log
        self._watchdog = watchdog
        self._traffic = traffic
        self._changed = changed
        self._settled = settled
        self._instances: Instances | None = None
        self._scaling = Scaling(release.instances, release.max_instances, limits)
        self._is_leaving = False
        self._is_wanted = False
        self._life = asyncio.create_task(self._live())

    @property
    def serving(self) -> list[int]:
        """The numbers of its healthy instances."""
        return self._instances.serving if self._instances else []

    @property
    def is_alive(self) -> bool:
        """Whether it has processes, or will have."""
        return self.state in {State.STARTING, State.RUNNING, State.SLEEPING}

    def scale(self, requests: int, now: float) -> None:
        """Add an instance, or take one away, when so many requests in flight call for it."""
        settled = self.state is State.RUNNING and self.progress.stage is Stage.HEALTHY
        if self._instances is None or not settled:
            return
        number = self._instances.number
        wanted = self._scaling.wanted(number, requests, now)
        if wanted != number:
            self._log.say(f"Scaling from {number} to {wanted}: {requests} requests in flight")
            self._instances.resize(wanted)

    def wake(self) -> None:
        """Start the instances again, if it sleeps."""
        if self.state is State.SLEEPING:
            self._is_wanted = True
            if not self._is_leaving:
                self._rise()

    def _rise(self) -> None:
        self._log.say("Waking up for a request")
        self.state = State.STARTING
        self._life = asyncio.create_task(self._live(again=True))

    async def sleep(self) -> None:
        """Stop the instances; the next request wakes it."""
        if self.state is State.RUNNING:
            await self._fall_asleep()

    async def _fall_asleep(self) -> None:
        self._log.say("Going to sleep: nobody has asked for a while")
        self._is_leaving, self._is_wanted = True, False
        await self._leave(State.SLEEPING)
        self._is_leaving = False
        if self._is_wanted and self.state is State.SLEEPING:
            self._rise()

    async def stop(self) -> None:
        """Stop it for good; returns when no process is left."""
        was_alive, self.progress = self.is_alive, STOPPED
        await self._leave(State.STOPPED)
        if was_alive:
            self._log.say("Stopped")

    async def _leave(self, state: State) -> None:
        self.state = state
        self._changed(self)
        if self._instances:
            await self._instances.stop()
        self._life.cancel()
        await asyncio.wait([self._life])

    async def _live(self, *, again: bool = False) -> None:
        try:
            await self._serve(again=again)
        except Failure as failure:
            self._fail(str(failure), failure.phase)
        except Exception:
            logging.exception("release %s", self.release.release_id)
            self._fail("The start failed through no fault of the app; deploy it again.")

    async def _serve(self, *, again: bool) -> None:
        spawner = Spawner(self.release, self._places, self._networks, self._log, self._watchdog)
        start = detection.step_of(self.release, spawner.root, spawner.tree)
        if self.release.pre_deploy_command and not again:
            await self._prepare(spawner, self.release.pre_deploy_command)
        self._instances = Instances(
            spawner,
            start,
            self._limits,
            self._traffic,
            changed=self._note,
            is_hopeless=self._is_hopeless,
        )
        await self._instances.keep(self.release.instances)

    async def _prepare(self, spawner: Spawner, text: str) -> None:
        seconds = self._limits.pre_deploy_seconds
        command = await spawner.spawn(Step(text, text))
        try:
            async with asyncio.timeout(seconds):
                status = await command.wait()
        except TimeoutError:
            message = (
                f"The pre-deploy command took longer than {seconds:g} seconds; make it do less."
            )
            raise Failure(message, "pre_deploy") from None
        finally:
            await command.kill()
        if status != 0 or command.verdict:
            why = command.why("The pre-deploy command ended with", status)
            raise Failure(why, "pre_deploy")

    def _is_hopeless(self, deaths: int) -> bool:
        dies_on = deaths > self._limits.restarts and not self.serving
        return self.progress.stage is not Stage.HEALTHY or dies_on

    def _note(self) -> None:
        """Go by how many instances serve now."""
        if self.state in {State.STARTING, State.RUNNING}:
            self.state = State.RUNNING if self.serving else State.STARTING
            if (
                self.progress.stage is Stage.STARTING
                and len(self.serving) == self.release.instances
            ):
                self.progress = Progress(Stage.HEALTHY)
                self._settled(self.release.job_id)
        self._changed(self)

    def _fail(self, message: str, phase: Phase | None = None) -> None:
        if self.state in {State.STARTING, State.RUNNING}:
            self._log.say(f"Failed: {message}")
            self.state = State.FAILED
            self.progress = Progress(Stage.FAILED, message=message, phase=phase or "start")
            self._changed(self)
            self._settled(self.release.job_id)
