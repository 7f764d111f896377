"""Starting a release: what the engine is told, and when it is asked again."""

from .. import clock, engines
from ..engines.base import Progress, Release
from ..jobs import Again
from ..services.store import Service
from ..store.items import Resource
from . import store
from .store import Deployment

LOOK_SECONDS, EARLY_LOOK_SECONDS = 5, 1
EARLY_MS = 15_000


def start_release(
    service: Service,
    deployment: Deployment,
    release_id: str,
    job_id: str,
    *,
    repeats: str | None = None,
) -> Progress:
    """Start a release of a deployment beside what serves now, or say how far it is."""
    configuration = store.configuration(service.tenant, release_id)
    release = Release(
        release_id=release_id,
        deployment_id=deployment.artifact_id,
        service_id=service.id,
        job_id=job_id,
        tenant=service.tenant,
        port=configuration.port,
        start_command=configuration.start_command,
        pre_deploy_command=configuration.pre_deploy_command,
        health_check_path=configuration.health_check_path,
        root_directory=configuration.root_directory,
        project_type=configuration.project_type,
        publish_directory=configuration.publish_directory,
        spa=configuration.spa,
        instances=max(1, configuration.min_instances),
        max_instances=configuration.max_instances,
        sleeps=configuration.min_instances == 0,
        repeats=repeats,
        environment=configuration.environment,
    )
    return engines.engine().start(release)


def look_again(changed: Resource) -> Again:
    """Look at a start again: often at first, for most end soon after the last change."""
    is_early = clock.now_ms() < int(changed.updated_at) + EARLY_MS
    return Again(EARLY_LOOK_SECONDS if is_early else LOOK_SECONDS)
