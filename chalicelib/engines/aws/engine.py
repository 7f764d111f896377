"""The engine of an installation on AWS."""

from ...settings import settings
from ..base import ALL_PROJECT_TYPES, Build, LogPage, Progress, ProjectType, Release, Sample
from . import builds, logs, metrics, releases, removal, traffic
from .calls import tell


class AwsEngine:
    """Implements ``chalicelib.engines.base.Engine``; keeps nothing in memory.

    Lambda runs what answers requests: no workers, no web sockets.
    """

    project_types: frozenset[ProjectType] = ALL_PROJECT_TYPES - {"worker"}

    def check(self) -> None:
        """Nothing, when the bucket answers."""
        tell("s3", "head_bucket", Bucket=settings().apps_bucket)

    def build(self, build: Build) -> Progress:
        """Begin the build, or say how far it is."""
        return builds.build(build)

    def start(self, release: Release) -> Progress:
        """Begin to start the release, or say how far it is."""
        return releases.start(release)

    def switch(self, service_id: str, release_id: str, host: str) -> str | None:
        """Send the service's traffic to a healthy release; the function's URL."""
        del host
        return traffic.switch(service_id, release_id)

    def retire(self, service_id: str, keep: str | None) -> None:
        """Lead the traffic to ``keep``; with None let nothing run."""
        releases.retire(service_id, keep)

    def cancel(self, deployment_id: str) -> None:
        """End the build of a deployment and remove what it left."""
        builds.cancel(deployment_id)

    def cancel_release(self, release_id: str) -> None:
        """End the start of a release and remove what it left."""
        releases.cancel(release_id)

    def remove(self, service_id: str) -> None:
        """Remove all that the service has."""
        removal.remove(service_id)

    def build_log(self, deployment_id: str) -> str:
        """The log of a build, as far as it is; empty when there is none."""
        return builds.log(deployment_id)

    def logs(self, service_id: str, tail: int, since: int | None) -> LogPage:
        """The last ``tail`` lines written at or after ``since`` (epoch seconds)."""
        return logs.read(service_id, tail, since)

    def metrics(self, service_id: str, period_seconds: int) -> list[Sample]:
        """How many instances ran in the last ``period_seconds``."""
        return metrics.read(service_id, period_seconds)
