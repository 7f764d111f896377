"""Keeps the instances of a release serving, as many as are wanted."""

import asyncio
from collections.abc import Callable

from chalicelib.buildpacks.failures import Failure
from chalicelib.buildpacks.folder import Step
from local.supervisor.instance import Instance, Spawner
from local.supervisor.limits import Limits
from local.supervisor.traffic import Traffic

SETTLED_SECONDS = 60
LONGEST_PAUSE_SECONDS = 60


class Instances:
    """A number of instances; one that dies is started again after a pause that grows.

    ``changed`` is called when one begins or ceases to serve; ``is_hopeless`` says whether after so
    many deaths in a row it is of no use to try again.
    """

    def __init__(
        self,
        spawner: Spawner,
        start: Step,
        limits: Limits,
        traffic: Traffic,
        *,
        changed: Callable[[], None],
        is_hopeless: Callable[[int], bool],
    ) -> None:
        self._spawner = spawner
        self._start = start
        self._limits = limits
        self._traffic = traffic
        self._changed = changed
        self._is_hopeless = is_hopeless
        self._keepers: dict[_Keeper, asyncio.Task[None]] = {}
        self._tasks = asyncio.TaskGroup()

    @property
    def serving(self) -> list[int]:
        """The numbers of those that are healthy."""
        return [keeper.serving for keeper in self._keepers if keeper.serving is not None]

    @property
    def number(self) -> int:
        """How many are wanted."""
        return len(self._staying())

    async def keep(self, number: int) -> None:
        """Keep so many until they are stopped. Raises ``Failure`` when that is hopeless."""
        try:
            async with self._tasks:
                self.resize(number)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    def resize(self, number: int) -> None:
        """Want so many; one too many leaves the service, and ends when its requests are through."""
        for _ in range(self.number, number):
            self._add()
        for keeper in self._staying()[number:]:
            self._tasks.create_task(self._dismiss(keeper, keeper.withdraw()))

    async def stop(self) -> None:
        """Take all out of service and ask them to end; kill what is left after the grace."""
        for keeper in self._keepers:
            keeper.withdraw()
        await asyncio.gather(*(keeper.stop() for keeper in self._keepers))

    def _add(self) -> None:
        keeper = _Keeper(self._spawner, self._start, self._limits, self._changed, self._is_hopeless)
        self._keepers[keeper] = task = self._tasks.create_task(keeper.keep())
        task.add_done_callback(lambda _: self._keepers.pop(keeper))

    async def _dismiss(self, keeper: "_Keeper", number: int | None) -> None:
        await self._traffic.drain([number] if number else [])
        await keeper.stop()
        if task := self._keepers.get(keeper):
            task.cancel()

    def _staying(self) -> list["_Keeper"]:
        return [keeper for keeper in self._keepers if not keeper.is_leaving]


class _Keeper:
    """Keeps one instance serving."""

    def __init__(
        self,
        spawner: Spawner,
        start: Step,
        limits: Limits,
        changed: Callable[[], None],
        is_hopeless: Callable[[int], bool],
    ) -> None:
        self.serving: int | None = None
        self._spawner = spawner
        self._start = start
        self._limits = limits
        self._changed = changed
        self._is_hopeless = is_hopeless
        self._instance: Instance | None = None
        self.is_leaving = False

    async def keep(self) -> None:
        """Return once it was stopped. Raises ``Failure`` when it is of no use to try again."""
        deaths = 0
        while True:
            why, lived = await self._life_of_one()
            if self.is_leaving:
                return
            deaths = 1 if lived > SETTLED_SECONDS else deaths + 1
            if self._is_hopeless(deaths):
                raise why
            pause = min(self._limits.restart_seconds * 2 ** (deaths - 1), LONGEST_PAUSE_SECONDS)
            self._spawner.log.say(f"{why} It is started again in {pause:g} s.")
            await asyncio.sleep(pause)

    def withdraw(self) -> int | None:
        """Leave the routes, and say by which number: no other instance follows."""
        self.is_leaving, left = True, self.serving
        self._part()
        return left

    async def stop(self) -> None:
        """Ask the instance to end, and kill what is left after the grace."""
        if self._instance:
            await self._instance.stop(self._limits.grace_seconds)

    async def _life_of_one(self) -> tuple[Failure, float]:
        """Why an instance ended, and how many seconds it lived."""
        self._instance = instance = await Instance.start(self._spawner, self._start)
        try:
            await instance.until_healthy(self._spawner.release, self._limits)
            self._join(instance)
            return await instance.until_it_ends(), instance.seconds
        except Failure as failure:
            return failure, 0
        finally:
            self._instance = None
            self._part()
            await instance.kill()

    def _join(self, instance: Instance) -> None:
        if not self.is_leaving:
            self._spawner.log.say(f"Healthy{instance.place}")
            self.serving = instance.number
            self._changed()

    def _part(self) -> None:
        if self.serving is not None:
            self.serving = None
            self._changed()
