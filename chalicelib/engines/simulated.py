"""An engine that runs nothing: it walks the states, for tests and for a dry installation.

The branch ``fail-build`` fails its build, ``fail-health`` its health check.
"""

import time
from collections import defaultdict

from .base import ALL_PROJECT_TYPES, Build, LogPage, Progress, Release, Sample, Stage

BUILD_FAILED = "The build command ended with exit code 1. Read the build log, mend it, push."
CPU_PERCENT, MEMORY_BYTES = 1.5, 64 * 1024**2
NEVER_HEALTHY = "The app did not answer its health check. Listen on the port in PORT."


class SimulatedEngine:
    """Answers with one stage after the other; keeps what it was asked in memory."""

    project_types = ALL_PROJECT_TYPES

    def __init__(self) -> None:
        self.looks: defaultdict[str, int] = defaultdict(int)
        self.branches: dict[str, str] = {}
        self.serving: dict[str, str] = {}
        self.started: list[str] = []
        self.instances: dict[str, int] = {}
        self.environments: dict[str, dict[str, str]] = {}

    def check(self) -> None:
        """It always answers."""

    def build(self, build: Build) -> Progress:
        """Cloning at the first look, building at the second, built at the third."""
        self.branches[build.deployment_id] = build.branch
        looks = self._look(build.deployment_id)
        if looks >= 3 and build.branch == "fail-build":
            return Progress(Stage.FAILED, message=BUILD_FAILED, phase="build")
        stages = [Stage.CLONING, Stage.BUILDING, Stage.BUILT]
        return Progress(stages[min(looks, 3) - 1], commit="0" * 40)

    def start(self, release: Release) -> Progress:
        """Starting at the first look, healthy at the second."""
        if self._look(release.release_id) == 1:
            self.started.append(release.release_id)
            self.instances[release.release_id] = release.instances
            self.environments[release.release_id] = release.environment
            return Progress(Stage.STARTING)
        if self.branches.get(release.deployment_id) == "fail-health":
            return Progress(Stage.FAILED, message=NEVER_HEALTHY, phase="health_check")
        return Progress(Stage.HEALTHY)

    def switch(self, service_id: str, release_id: str, host: str) -> str | None:
        """Note what serves."""
        del host
        self.serving[service_id] = release_id
        return None

    def retire(self, service_id: str, keep: str | None) -> None:
        """Note what serves, if anything does."""
        if keep is None:
            self.serving.pop(service_id, None)
        elif service_id in self.serving:
            self.serving[service_id] = keep

    def cancel(self, deployment_id: str) -> None:
        """Forget the build."""
        self.looks.pop(deployment_id, None)

    def cancel_release(self, release_id: str) -> None:
        """Forget the release."""
        self.looks.pop(release_id, None)

    def remove(self, service_id: str) -> None:
        """Forget what serves."""
        self.serving.pop(service_id, None)

    def build_log(self, deployment_id: str) -> str:
        """Nothing was built, so nothing was written."""
        del deployment_id
        return ""

    def logs(self, service_id: str, tail: int, since: int | None) -> LogPage:
        """Nothing ran, so nothing was written."""
        del tail, since
        return LogPage("", self.serving.get(service_id))

    def metrics(self, service_id: str, period_seconds: int) -> list[Sample]:
        """An idle app's load for every instance of what serves; nothing when nothing does."""
        instances = self.instances.get(self.serving.get(service_id, ""), 0)
        now, step = int(time.time()), 10 if period_seconds <= 3600 else 60
        times = range(now - period_seconds + step, now + 1, step)
        load = (instances * CPU_PERCENT, instances * MEMORY_BYTES, instances)
        return [Sample(at, *load) for at in times] if instances else []

    def _look(self, name: str) -> int:
        self.looks[name] += 1
        return self.looks[name]
