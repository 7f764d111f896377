"""One release: its pre-deploy command, its instances, its sleep."""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum

from chalicelib.engines.base import Progress, Release, Stage
from local.supervisor import detection
from local.supervisor.failures import Failure
from local.supervisor.instance import Instance, Spawner
from local.supervisor.languages.folder import Step
from local.supervisor.limits import Limits
from local.supervisor.logs import Log
from local.supervisor.networks import Networks
from local.supervisor.places import Places
from local.supervisor.watchdog import Watchdog

SETTLED_SECONDS = 60
LONGEST_PAUSE_SECONDS = 60
STOPPED = Progress(Stage.FAILED, message="The release was stopped.")


class State(StrEnum):
    """What a release does at the moment."""

    STARTING = "starting"
    RUNNING = "running"
    SLEEPING = "sleeping"
    STOPPED = "stopped"
    FAILED = "failed"


class Running:
    """Keeps the instances of a release alive until it is stopped.

    One that dies is started again after a pause that grows; the release fails when one cannot
    start at first, or when later none serves and one has died too often in a row.
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
        changed: "Callable[[Running], None]",
        settled: Callable[[str], None],
    ) -> None:
        self.release = release
        self.progress = Progress(Stage.STARTING)
        self.state = State.STARTING
        self.ports: list[int] = []
        self._places = places
        self._networks = networks
        self._limits = limits
        self._log = log
        self._watchdog = watchdog
        self._changed = changed
        self._settled = settled
        self._instances: set[Instance] = set()
        self._is_leaving = False
        self._is_wanted = False
        self._life = asyncio.create_task(self._live())

    @property
    def is_alive(self) -> bool:
        """Whether it has processes, or will have."""
        return self.state in {State.STARTING, State.RUNNING, State.SLEEPING}

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
        self.ports.clear()
        self._changed(self)
        await asyncio.gather(*(one.stop(self._limits.grace_seconds) for one in self._instances))
        self._life.cancel()
        await asyncio.wait([self._life])

    async def _live(self, *, again: bool = False) -> None:
        try:
            await self._serve(again=again)
        except Failure as failure:
            self._fail(str(failure))
        except Exception:
            logging.exception("release %s", self.release.release_id)
            self._fail("The start failed through no fault of the app; deploy it again.")

    async def _serve(self, *, again: bool) -> None:
        spawner = Spawner(self.release, self._places, self._networks, self._log, self._watchdog)
        start = detection.start_step(spawner.root, self.release.start_command, spawner.tree)
        if self.release.pre_deploy_command and not again:
            await self._prepare(spawner, self.release.pre_deploy_command)
        keepers = [
            asyncio.create_task(self._keep(spawner, start)) for _ in range(self.release.instances)
        ]
        try:
            await asyncio.gather(*keepers)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.wait(keepers)

    async def _prepare(self, spawner: Spawner, text: str) -> None:
        seconds = self._limits.pre_deploy_seconds
        command = await spawner.spawn(Step(text, text), self.release.port)
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
        if status != 0 or command.verdict:
            raise Failure(command.why("The pre-deploy command ended with", status))

    async def _keep(self, spawner: Spawner, start: Step) -> None:
        """Keep one instance serving. Raises ``Failure`` when it is of no use to try again."""
        deaths = 0
        while True:
            why, lived = await self._life_of_one(spawner, start)
            if self.state not in {State.STARTING, State.RUNNING}:
                return
            deaths = 1 if lived > SETTLED_SECONDS else deaths + 1
            hopeless = deaths > self._limits.restarts and not self.ports
            if self.progress.stage is not Stage.HEALTHY or hopeless:
                raise why
            pause = min(self._limits.restart_seconds * 2 ** (deaths - 1), LONGEST_PAUSE_SECONDS)
            self._log.say(f"{why} It is started again in {pause:g} s.")
            await asyncio.sleep(pause)

    async def _life_of_one(self, spawner: Spawner, start: Step) -> tuple[Failure, float]:
        """Why an instance ended, and how many seconds it lived."""
        instance = await Instance.start(spawner, start)
        self._instances.add(instance)
        try:
            await instance.until_healthy(self.release.health_check_path, self._limits)
            self._join(instance)
            return await instance.until_it_ends(), instance.seconds
        except Failure as failure:
            return failure, 0
        finally:
            self._part(instance)
            await instance.kill()

    def _join(self, instance: Instance) -> None:
        if self.state not in {State.STARTING, State.RUNNING}:
            return
        self._log.say(f"Healthy on port {instance.port}")
        self.ports.append(instance.port)
        self.state = State.RUNNING
        if self.progress.stage is Stage.STARTING and len(self.ports) == self.release.instances:
            self.progress = Progress(Stage.HEALTHY)
            self._settled(self.release.job_id)
        self._changed(self)

    def _part(self, instance: Instance) -> None:
        self._instances.discard(instance)
        if instance.port in self.ports:
            self.ports.remove(instance.port)
            if not self.ports and self.state is State.RUNNING:
                self.state = State.STARTING
            self._changed(self)

    def _fail(self, message: str) -> None:
        if self.state in {State.STARTING, State.RUNNING}:
            self._log.say(f"Failed: {message}")
            self.state = State.FAILED
            self.progress = Progress(Stage.FAILED, message=message)
            self._changed(self)
            self._settled(self.release.job_id)
