"""The rules of deployments: what is asked for. What follows is done by the roll-out."""

from collections.abc import Callable
from typing import Any, cast

from .. import clock, engines, ids, jobs
from ..bindings import resolution
from ..bindings.resolution import Resolved
from ..engines.base import ProjectType
from ..errors import Conflict, InvalidRequest, NotFound, Outdated
from ..http.call import Call
from ..http.pages import Page
from ..http.streaming import Following, hand_over
from ..projects import service as projects
from ..projects.store import Project
from ..security.egress import redact
from ..services import service as services
from ..services.store import Service
from ..store.items import under
from ..variables import service as variables
from ..variables.store import Settings, Variables
from . import store
from .announcements import announce
from .store import Configuration, Deployment

RUNS_AN_IMAGE = "the project's web service runs an image; deploy it under /api/web-services"
TERMINAL = frozenset({"live", "superseded", "failed", "canceled"})


def deploy_project(
    call: Call, project: Project, git_url: str, branch: str, environment: dict[str, str]
) -> Deployment:
    """Deploy the project's default web service, which is made on first use."""
    changes: dict[str, Any] = {"git_repository_url": git_url, "branch": branch}
    given = variables.secrets(environment)
    known = project.default_service_id
    service = services.find(call.tenant, known) if known else None
    if service is None:
        return _deploy_first(call, project, changes, given)
    if service.source_type == "image":
        raise InvalidRequest.field("git_url", RUNS_AN_IMAGE)
    settings = variables.read(service)
    merged = variables.merge(call, service, settings, given)
    if merged != settings or any(getattr(service, name) != new for name, new in changes.items()):
        changes["revision"] = int(service.revision) + 1
    return _deploy(call, service, changes, merged)


def deploy(call: Call, service: Service, branch: str | None) -> Deployment:
    """Deploy a web service's branch, or another of its repository."""
    return _deploy(call, service, {}, variables.read(service), branch=branch)


def deploy_again(
    call: Call, service: Service, target: Deployment, configuration: Configuration
) -> Deployment:
    """Deploy what an earlier deployment built, without building, configured like this."""
    deployment = _new(
        service,
        git_url=target.git_url,
        image_ref=target.image_ref,
        branch=target.branch,
        commit=target.commit,
        artifact_id=target.artifact_id,
        rollback_from_deployment_id=target.id,
        repeats=target.release_id,
    )
    _begin(call, service, deployment, configuration, {}, seen=int(service.revision))
    return deployment


def cancel(call: Call, deployment: Deployment) -> Deployment:
    """Cancel a deployment that is under way; its job frees what it used."""
    if deployment.status == "canceled":
        return deployment
    if deployment.status in TERMINAL:
        raise Conflict(f"This deployment is over: it is {deployment.status}")
    ended = {"status": "canceled", "finished_at": clock.now_ms()}
    call.tx.change(deployment, ended, Deployment.status == deployment.status, Outdated())
    service = services.find(call.tenant, deployment.service_id)
    announce(call.tx, deployment, service.name if service else "")
    jobs.wake_after(call.tx, deployment.job_id)
    return deployment


def get(call: Call, deployment_id: str) -> Deployment:
    """The workspace's deployment. Raises ``NotFound``."""
    deployment = Deployment.of(call.tenant, deployment_id)
    if deployment is None:
        raise NotFound
    return deployment


def of_service(call: Call, deployment_id: str, service: Service) -> Deployment:
    """The service's deployment. Raises ``NotFound``, also for another service's."""
    deployment = get(call, deployment_id)
    if deployment.service_id != service.id:
        raise NotFound
    return deployment


def page(call: Call, service_id: str | None, page: Page) -> tuple[list[Deployment], int]:
    """A service's deployments, newest first, and how many there are."""
    if service_id is None:
        return [], 0
    return store.page(call.tenant, service_id, page.offset, page.limit)


def build_log(deployment: Deployment) -> str:
    """What the build of a deployment wrote."""
    return engines.engine().build_log(deployment.artifact_id)


def follow_build(call: Call, deployment: Deployment) -> None:
    """Let a front that streams go on with the log until the deployment is over."""
    hand_over(call, Following("build", deployment.artifact_id, _end(deployment)))


def _end(deployment: Deployment) -> Callable[[], str | None]:
    def ended() -> str | None:
        found = Deployment.of(deployment.tenant, deployment.id)
        if found is None:
            return "deleted"
        return found.status if found.status in TERMINAL else None

    return ended


def _deploy_first(
    call: Call, project: Project, changes: dict[str, Any], given: Variables
) -> Deployment:
    """Deploy the default service that is made in the same transaction."""
    service = services.prepare(project, {"name": services.free_name(project), **changes})
    projects.make_default_service(call.tx, project, service.id)
    settings = variables.create(call.tx, service, given)
    deployment = _new(service)
    _stage(call, service, deployment, configuration_of(service, settings))
    service.waiting_job_id = deployment.job_id
    services.add(call.tx, service)
    return deployment


def _deploy(
    call: Call,
    service: Service,
    changes: dict[str, Any],
    settings: Settings,
    branch: str | None = None,
) -> Deployment:
    seen = int(service.revision)
    for name, value in changes.items():
        setattr(service, name, value)
    source = "image_ref" if service.source_type == "image" else "git_repository_url"
    if not getattr(service, source):
        raise InvalidRequest.field(source, "set it on the web service first")
    deployment = _new(service, branch=branch or service.branch)
    _begin(call, service, deployment, configuration_of(service, settings), changes, seen=seen)
    return deployment


def _begin(
    call: Call,
    service: Service,
    deployment: Deployment,
    configuration: Configuration,
    changes: dict[str, Any],
    *,
    seen: int,
) -> None:
    """Stage a deployment of the service as it was seen at this revision."""
    services.must_stay(service)
    _stage(call, service, deployment, configuration)
    same = (Service.revision == seen) & (Service.status != "pending_deletion")
    changes = {**changes, "waiting_job_id": deployment.job_id}
    call.tx.change(service, changes, same, Outdated())


def _stage(
    call: Call, service: Service, deployment: Deployment, configuration: Configuration
) -> None:
    """Stage the deployment, its configuration and its job."""
    payload = {"deployment_id": deployment.id, "service_id": service.id}
    deployment.job_id = jobs.enqueue(call.tx, call.tenant, "deployment.run", payload).id
    store.configure(call.tx, call.tenant, deployment.release_id, configuration)
    store.add(call.tx, deployment)
    announce(call.tx, deployment, service.name)


def _new(service: Service, **fields: Any) -> Deployment:
    deployment_id = ids.new("dep")
    given = {
        "git_url": _repository(service),
        "image_ref": service.image_ref,
        "branch": service.branch,
        "artifact_id": deployment_id,
        **fields,
    }
    given["git_url"] = redact(given["git_url"] or "") or None
    return Deployment.new(
        service.tenant,
        deployment_id,
        parent=under(service.id, deployment_id),
        service_id=service.id,
        project_id=service.project_id,
        status="queued",
        url=service.url,
        release_id=store.first_release(deployment_id),
        **given,
    )


def configuration_of(service: Service, settings: Settings) -> Configuration:
    """What a release of the service, as it is now set, is built and started with."""
    resolved = resolution.resolve(service, settings)
    return Configuration(
        git_url=_repository(service) or "",
        branch=service.branch,
        port=_port(service, resolved),
        root_directory=service.root_directory,
        dockerfile_path=service.dockerfile_path,
        image_ref=service.image_ref,
        build_command=service.build_command,
        start_command=service.start_command,
        pre_deploy_command=service.pre_deploy_command,
        health_check_path=service.health_check_path,
        project_type=cast(ProjectType, service.project_type),
        publish_directory=service.publish_directory,
        spa=service.spa,
        min_instances=int(service.min_instances),
        max_instances=int(service.max_instances),
        environment={one.key: one.value for one in resolved},
        secret_keys=[one.key for one in resolved if one.is_secret],
        revision=int(service.revision),
    )


def _repository(service: Service) -> str | None:
    """Where the source is; an image has none, though the service may know one from before."""
    return None if service.source_type == "image" else service.git_repository_url


def _port(service: Service, resolved: list[Resolved]) -> int:
    """Where the app listens: a variable ``PORT`` goes before the service's own field."""
    said = next((one.value for one in resolved if one.key == "PORT"), "")
    is_port = said.isascii() and said.isdigit() and 0 < int(said[:6]) < 65_536
    return int(said) if is_port else int(service.port)
