"""The protocol that everything which runs users' code speaks.

An engine never waits: ``build`` and ``start`` begin the work at the first call and answer how far
it is at every later one. When something has changed the engine wakes the job that was named in the
request; a job that is never woken looks again by itself. Every call is idempotent by the ids in
it, so a repeated or late message does no harm.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, get_args

from ..errors import ServiceUnavailable

ProjectType = Literal["web_service", "static_site", "worker"]
"""A web service answers requests on its port, a static site is files, a worker has no port."""

MEMORY_LIMIT_BYTES = 1024**3
"""What one instance of an app may use; one that uses more is ended."""


ALL_PROJECT_TYPES: frozenset[ProjectType] = frozenset(get_args(ProjectType))


class Stage(StrEnum):
    """How far a build or a start is."""

    CLONING = "cloning"
    BUILDING = "building"
    BUILT = "built"
    STARTING = "starting"
    HEALTHY = "healthy"
    FAILED = "failed"


@dataclass(frozen=True)
class Build:
    """Source to be made into an artifact. ``deployment_id`` names the build and its artifact.

    ``git_url`` is in its plain spelling. ``pinned`` is ``host:port:address,…``: what its host was
    checked to resolve to, and so what is to be connected to.
    """

    deployment_id: str
    service_id: str
    job_id: str
    git_url: str
    branch: str
    root_directory: str | None = None
    build_command: str | None = None
    pinned: str | None = None
    environment: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Release:
    """An artifact with its configuration, to be started. ``release_id`` names the instance set.

    ``health_check_path`` must answer 200; without one, it is enough that the port accepts. A worker
    is healthy when it stays alive for some seconds, and no request leads to it. So many
    ``instances`` share the load, up to ``max_instances`` while there is much of it; a release that
    ``sleeps`` is stopped while nobody asks for it, and started by the next request. Of a static
    site ``publish_directory`` is served, with ``spa`` index.html for unknown paths too. ``repeats``
    is a release of the same artifact and configuration: what is still there of it may serve again,
    and need not be made anew. ``tenant`` comes back with the news of what a release does.
    """

    release_id: str
    deployment_id: str
    service_id: str
    job_id: str
    port: int
    start_command: str | None = None
    pre_deploy_command: str | None = None
    health_check_path: str | None = None
    root_directory: str | None = None
    project_type: ProjectType = "web_service"
    publish_directory: str | None = None
    spa: bool = False
    instances: int = 1
    max_instances: int = 1
    sleeps: bool = False
    repeats: str | None = None
    tenant: str = ""
    environment: dict[str, str] = field(default_factory=dict, repr=False)


Phase = Literal["clone", "build", "pre_deploy", "start", "health_check"]
"""A part of a deployment that may fail."""


@dataclass(frozen=True)
class Progress:
    """Where a build or a start stands; of one that failed, why, what to do, and in which phase."""

    stage: Stage
    commit: str | None = None
    message: str | None = None
    phase: Phase | None = None


@dataclass(frozen=True)
class LogPage:
    """Log lines, oldest first, each beginning with an RFC 3339 time."""

    text: str
    container_id: str | None


@dataclass(frozen=True)
class Sample:
    """What all processes of a service took at a time (epoch seconds); 100 percent is one core.

    ``memory_limit_bytes`` is what one instance may take. What the engine does not measure is None.
    """

    at: int
    cpu_percent: float | None
    memory_bytes: int | None
    instances: int
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES


class EngineUnavailable(ServiceUnavailable):
    """The engine could not be reached; the same call may be made again. ``reason`` is ours."""

    message = "What runs the apps does not answer; try again shortly"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class Engine(Protocol):
    """What runs users' code. Calls raise ``EngineUnavailable`` when they may be tried again."""

    @property
    def project_types(self) -> frozenset[ProjectType]:
        """What it can run; other services are refused when they are asked for."""

    def check(self) -> None:
        """Nothing, when it answers."""

    def build(self, build: Build) -> Progress:
        """Begin the build, or say how far it is: cloning, building, built or failed."""

    def start(self, release: Release) -> Progress:
        """Begin to start the release beside what serves now: starting, healthy or failed."""

    def switch(self, service_id: str, release_id: str, host: str) -> str | None:
        """Send the service's traffic to a healthy release.

        Answers the URL that leads there from now on, the same for all of a service's releases; None
        where the host, below the installation's own domain, does.
        """

    def retire(self, service_id: str, keep: str | None) -> None:
        """Lead the service's host to ``keep`` and stop every other release, once it has answered
        its requests; with None the host has no app."""

    def cancel(self, deployment_id: str) -> None:
        """End the build of a deployment and remove what it left."""

    def cancel_release(self, release_id: str) -> None:
        """End the start of a release, or the release, and remove what it left."""

    def remove(self, service_id: str) -> None:
        """Remove all that the service has: releases, route, artifacts, logs."""

    def build_log(self, deployment_id: str) -> str:
        """The log of a build, as far as it is; empty when there is none."""

    def logs(self, service_id: str, tail: int, since: int | None) -> LogPage:
        """The last ``tail`` lines written at or after ``since`` (epoch seconds)."""

    def metrics(self, service_id: str, period_seconds: int) -> list[Sample]:
        """Samples of the last ``period_seconds``, the oldest first, the last of now; or none."""
