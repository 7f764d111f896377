"""The rules of projects."""

from typing import Any

from .. import ids, jobs
from ..errors import NotFound, Outdated
from ..http.call import Call
from ..http.pages import Page
from ..store.transaction import Transaction
from ..webhooks import events
from ..webhooks.names import EventName
from . import store
from .schemas import ProjectCreate
from .store import Project

DEFAULT_NAME = "default"


def create(call: Call, body: ProjectCreate) -> Project:
    """Make a project; a job sets it up and makes it active."""
    return _add(call, _new(call, body))


def _new(call: Call, body: ProjectCreate) -> Project:
    return Project.new(call.tenant, ids.new("prj"), status="pending", **body.model_dump())


def _add(call: Call, project: Project) -> Project:
    store.add(call.tx, project)
    jobs.enqueue(call.tx, call.tenant, "project.set-up", {"project_id": project.id})
    return project


def page(call: Call, page: Page) -> tuple[list[Project], int]:
    """The workspace's projects, newest first, and how many there are; a bound key sees its own."""
    if call.caller.project_id:
        own = find(call.tenant, call.caller.project_id)
        rows = [own] if own else []
        return rows[page.offset :], len(rows)
    return store.page(call.tenant, page.offset, page.limit)


def get(call: Call, project_id: str) -> Project:
    """The workspace's project. Raises ``NotFound``."""
    project = find(call.tenant, project_id)
    if project is None:
        raise NotFound
    return project


def find(tenant: str, project_id: str) -> Project | None:
    """The tenant's project, or None."""
    return Project.of(tenant, project_id)


def require(tx: Transaction, project: Project) -> None:
    """Let the transaction commit only while the project is there."""
    store.require(tx, project)


def default(call: Call) -> Project:
    """The project of the services that name none; it is made if absent."""
    found = store.default(call.tenant)
    if found is None:
        return _make_default(call)
    store.require(call.tx, found)
    return found


def _make_default(call: Call) -> Project:
    project = _new(call, ProjectCreate(name=DEFAULT_NAME))
    store.make_default(call.tx, project)
    return _add(call, project)


def make_default_service(tx: Transaction, project: Project, service_id: str) -> None:
    """Note the service that ``/v1`` deploys; ``Outdated`` when another call just did."""
    present = project.default_service_id
    known = Project.default_service_id
    unchanged = known == present if present else known.does_not_exist()
    tx.change(project, {"default_service_id": service_id}, unchanged, Outdated())


def update(call: Call, project: Project, changes: dict[str, Any]) -> Project:
    """Change a project."""
    call.tx.change(project, changes)
    return project


def delete(call: Call, project: Project) -> None:
    """Delete a project at once; a job takes everything in it away."""
    store.remove(call.tx, project)
    project.status = "deleted"
    announce(call.tx, project, "project.deleted")
    jobs.enqueue(call.tx, call.tenant, "project.tear-down", {"project_id": project.id})


def announce(tx: Transaction, project: Project, event: EventName) -> None:
    """Tell the workspace's webhooks of what has become of the project."""
    told = {
        "project_id": project.id,
        "id": project.id,
        "name": project.name,
        "status": project.status,
        "region": project.region,
    }
    events.emit(tx, project.tenant, event, told)
