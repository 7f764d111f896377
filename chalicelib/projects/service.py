"""The rules of projects."""

from typing import Any

from .. import ids, jobs
from ..errors import NotFound
from ..http.call import Call
from ..http.pages import Page
from . import store
from .schemas import ProjectCreate
from .store import Project


def create(call: Call, body: ProjectCreate) -> Project:
    """Make a project; a job sets it up and makes it active."""
    project = Project.new(call.tenant, ids.new("prj"), status="pending", **body.model_dump())
    store.add(call.tx, project)
    jobs.enqueue(call.tx, call.tenant, "project.set-up", {"project_id": project.id})
    return project


def page(call: Call, page: Page) -> tuple[list[Project], int]:
    """The workspace's projects, newest first, and how many there are."""
    return store.page(call.tenant, page.offset, page.limit)


def get(call: Call, project_id: str) -> Project:
    """The workspace's project. Raises ``NotFound``."""
    project = Project.of(call.tenant, project_id)
    if project is None:
        raise NotFound
    return project


def update(call: Call, project: Project, changes: dict[str, Any]) -> Project:
    """Change a project."""
    store.change(call.tx, project, changes)
    return project


def delete(call: Call, project: Project) -> None:
    """Delete a project at once; a job takes everything in it away."""
    store.remove(call.tx, project)
    jobs.enqueue(call.tx, call.tenant, "project.tear-down", {"project_id": project.id})
