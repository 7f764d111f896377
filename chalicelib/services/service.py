"""The rules of web services."""

import secrets
from collections.abc import Callable
from typing import Any

from slugify import slugify

from .. import engines, ids, jobs
from ..engines.base import LogPage, Sample
from ..errors import Conflict, InvalidRequest, NotFound
from ..http.call import Call
from ..http.pages import Page
from ..http.streaming import Following, hand_over
from ..projects import service as projects
from ..projects.store import Project
from ..security.egress import redact
from ..store.items import under
from ..store.transaction import Transaction
from ..variables import service as variables
from ..webhooks import events
from ..webhooks.names import EventName
from . import store
from .schemas import LogQuery, ServiceCreate
from .store import Service

GOING = "This web service is being deleted"
SUFFIX_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
NEVER_SLEEPS = "a worker cannot sleep, since no request would wake it; set it to 1 or more"
TOGETHER = ("project_type", "min_instances", "max_instances")
NEEDS_ROLLOUT = {
    "root_directory",
    "start_command",
    "pre_deploy_command",
    "build_command",
    "port",
    "health_check_path",
    "project_type",
    "publish_directory",
    "spa",
    "min_instances",
    "max_instances",
    "git_repository_url",
    "branch",
    "environment",
}


def create(call: Call, body: ServiceCreate) -> Service:
    """Make a web service, stopped; creating does not deploy."""
    fields = body.model_dump(exclude={"project_id", "env_vars"})
    _check_together(fields)
    _check_engine(fields["project_type"])
    service = prepare(_project(call, body), fields)
    variables.create(call.tx, service, variables.given(body.env_vars))
    add(call.tx, service)
    return service


def add(tx: Transaction, service: Service) -> None:
    """Store a new service, and tell of it."""
    store.add(tx, service)
    announce(tx, service, "service.created")


def announce(tx: Transaction, service: Service, event: EventName) -> None:
    """Tell the workspace's webhooks of what has become of the service."""
    told = {
        "service_id": service.id,
        "project_id": service.project_id,
        "id": service.id,
        "name": service.name,
        "status": service.status,
        "url": service.url,
    }
    events.emit(tx, service.tenant, event, told)


def prepare(project: Project, fields: dict[str, Any]) -> Service:
    """A service of the project with a host name of its own; not yet stored."""
    service_id = ids.new("svc")
    return Service.new(
        project.tenant,
        service_id,
        parent=under(project.id, service_id),
        project_id=project.id,
        subdomain=_free_host(fields["name"]),
        **fields,
    )


def free_name(project: Project) -> str:
    """The project's name for a service of it; one that is taken there gets a suffix."""
    if store.name_is_free(project.tenant, project.id, project.name[:63]):
        return project.name[:63]
    return _with_suffix(project.name[:56])


def page(call: Call, project_id: str | None, page: Page) -> tuple[list[Service], int]:
    """The workspace's services or one project's, newest first, and how many there are."""
    bound = call.caller.project_id
    if bound and project_id not in {None, bound}:
        return [], 0
    project_id = project_id or bound
    if project_id is None:
        return store.page(call.tenant, page.offset, page.limit)
    return store.of_project(call.tenant, project_id, page.offset, page.limit)


def of_project(tenant: str, project_id: str, limit: int) -> list[Service]:
    """Some services of a project."""
    return store.of_project(tenant, project_id, 0, limit)[0]


def find(tenant: str, service_id: str) -> Service | None:
    """The tenant's service, or None."""
    return Service.of(tenant, service_id)


def get(call: Call, service_id: str) -> Service:
    """The workspace's service. Raises ``NotFound``."""
    service = find(call.tenant, service_id)
    if service is None:
        raise NotFound
    return service


def update(call: Call, service: Service, changes: dict[str, Any]) -> Service:
    """Change a service; what reaches the process does so at the next deploy or restart."""
    _check_together({name: changes.get(name, getattr(service, name)) for name in TOGETHER})
    _check_engine(changes.get("project_type", "web_service"))
    if changes.get("git_repository_url") == redact(service.git_repository_url or ""):
        del changes["git_repository_url"]
    differs = {name for name, value in changes.items() if value != getattr(service, name)}
    store.change(call.tx, service, changes, counts=bool(differs & NEEDS_ROLLOUT))
    return service


def delete(tx: Transaction, service: Service) -> None:
    """Let a service go; a job removes it with all that it has."""
    if service.status != "pending_deletion":
        tx.change(service, {"status": "pending_deletion"})
        jobs.enqueue(tx, service.tenant, "service.delete", {"service_id": service.id})


def must_stay(service: Service) -> None:
    """Raise ``Conflict`` when the service is being deleted."""
    if service.status == "pending_deletion":
        raise Conflict(GOING)


def logs(call: Call, service: Service, query: LogQuery) -> LogPage:
    """What the service's processes wrote; a front that streams goes on from there."""
    if query.follow:
        removal = _removal(service)
        hand_over(call, Following("service", service.id, removal, query.tail, query.since))
    return engines.engine().logs(service.id, query.tail, query.since)


def metrics(service: Service, seconds: int) -> list[Sample]:
    """What the service's processes took in the last ``seconds``, the oldest first."""
    return engines.engine().metrics(service.id, seconds)


def _check_together(fields: dict[str, Any]) -> None:
    """Raise ``InvalidRequest`` when fields that are fine by themselves do not fit each other."""
    least = fields["min_instances"]
    if least > fields["max_instances"]:
        raise InvalidRequest.field("min_instances", "must not be more than max_instances")
    if least == 0 and fields["project_type"] == "worker":
        raise InvalidRequest.field("min_instances", NEVER_SLEEPS)


def _check_engine(project_type: str) -> None:
    """Raise ``InvalidRequest`` when the engine, beside web services, runs no such thing."""
    if project_type != "web_service" and project_type not in engines.engine().project_types:
        raise InvalidRequest.field("project_type", f"this installation runs no {project_type}")


def _removal(service: Service) -> Callable[[], str | None]:
    return lambda: None if find(service.tenant, service.id) else "deleted"


def _project(call: Call, body: ServiceCreate) -> Project:
    bound = call.caller.project_id
    wanted = body.project_id or bound
    if wanted is None:
        return projects.default(call)
    project = projects.find(call.tenant, wanted)
    if project is None or bound not in {None, wanted}:
        raise InvalidRequest.field("project_id", "is not a project of yours")
    projects.require(call.tx, project)
    return project


def _free_host(name: str) -> str:
    """A host name made of the service's name; a taken one gets a suffix."""
    host = slugify(name, max_length=50) or "app"
    return host if store.host_is_free(host) else _with_suffix(host)


def _with_suffix(name: str) -> str:
    return f"{name}-{''.join(secrets.choice(SUFFIX_LETTERS) for _ in range(6))}"
