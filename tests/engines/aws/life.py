"""A whole life of a service, every call made again until it succeeds."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from chalicelib.engines.aws.engine import AwsEngine
from chalicelib.engines.base import Build, EngineUnavailable, Progress, Release, Stage

T = TypeVar("T")
SERVICE = "svc_01j"
ENDS = {Stage.BUILT, Stage.HEALTHY}


def build_of(name: str) -> Build:
    return Build(name, SERVICE, "job_1", "https://user:secret@example.com/a.git", "main")


def release_of(name: str, deployment: str, **more: object) -> Release:
    given = {"environment": {"GREETING": "it's"}, "tenant": "live#1", **more}
    return Release(name, deployment, SERVICE, "job_1", 8080, **given)  # type: ignore[arg-type]


def until_done(act: Callable[[], T]) -> T:
    """Make the call again while the engine is not available."""
    for left in reversed(range(12)):
        try:
            return act()
        except EngineUnavailable:
            if not left:
                raise
    raise AssertionError


def walk(act: Callable[[], Progress]) -> Iterator[Progress]:
    """Look until it is built or healthy, or has failed twice."""
    failures = 0
    for _ in range(20):
        found = until_done(act)
        assert "arn:" not in (found.message or "")
        yield found
        failures += found.stage is Stage.FAILED
        if found.stage in ENDS or failures > 1:
            return
    raise AssertionError("it does not come to an end")


def end(act: Callable[[], Progress]) -> Progress:
    *_, last = walk(act)
    return last


def build(engine: AwsEngine, name: str) -> Progress:
    return end(lambda: engine.build(build_of(name)))


def start(engine: AwsEngine, name: str, deployment: str, **more: object) -> Progress:
    return end(lambda: engine.start(release_of(name, deployment, **more)))


def roll(engine: AwsEngine, name: str, deployment: str, **more: object) -> None:
    """Start a release, send the traffic to it, retire the others."""
    found = start(engine, name, deployment, **more)
    assert found.stage is Stage.HEALTHY, found
    until_done(lambda: engine.switch(SERVICE, name, "shop"))
    until_done(lambda: engine.retire(SERVICE, name))


def live_whole(engine: AwsEngine) -> None:
    """Deploy, deploy again, roll back, stop, start, cancel another, remove."""
    for name in ("dep_1", "dep_2"):
        assert build(engine, name).stage is Stage.BUILT
        roll(engine, f"{name}-1", name, pre_deploy_command="true", sleeps=False)
    roll(engine, "dep_3-1", "dep_1", repeats="dep_1-1", sleeps=True)
    until_done(lambda: engine.retire(SERVICE, None))
    roll(engine, "dep_3-2", "dep_1")
    until_done(lambda: engine.start(release_of("dep_4-1", "dep_1", repeats="dep_3-1")))
    until_done(lambda: engine.cancel_release("dep_4-1"))
    until_done(lambda: engine.build_log("dep_1"))
    until_done(lambda: engine.logs(SERVICE, 10, None))
    until_done(lambda: engine.metrics(SERVICE, 3600))
    until_done(engine.check)
    until_done(lambda: engine.build(build_of("dep_4")))
    until_done(lambda: engine.cancel("dep_4"))
    until_done(lambda: engine.start(release_of("dep_5-1", "dep_1")))
    until_done(lambda: engine.cancel_release("dep_5-1"))
    for _ in range(2):
        until_done(lambda: engine.remove(SERVICE))
