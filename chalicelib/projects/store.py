"""Projects. Access paths: by id; a workspace's, newest first."""

from typing import Any, ClassVar

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.update import Action

from .. import clock
from ..errors import NotFound
from ..store import counters, pages
from ..store.items import Resource
from ..store.transaction import Transaction


class Project(Resource):
    """A project; ``default_service_id`` is the web service that ``/v1`` deploys."""

    KIND: ClassVar[str] = "prj"

    name = UnicodeAttribute()
    region = UnicodeAttribute()
    framework = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    default_service_id = UnicodeAttribute(null=True)


def add(tx: Transaction, project: Project) -> None:
    """Store a new project."""
    tx.create(project)
    counters.add(tx, project.tenant, Project.KIND, 1)


def page(tenant: str, offset: int, limit: int) -> tuple[list[Project], int]:
    """A workspace's projects, newest first, and how many there are."""
    return pages.newest(Project, tenant, offset, limit), counters.read(tenant, Project.KIND)


def change(tx: Transaction, project: Project, changes: dict[str, Any]) -> None:
    """Set attributes, also of the object in hand; a project that has gone is ``NotFound``."""
    changes = {**changes, "updated_at": clock.now_ms()}
    actions: list[Action] = []
    for name, value in changes.items():
        setattr(project, name, value)
        attribute = getattr(Project, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    tx.update(project, *actions, otherwise=NotFound())


def require(tx: Transaction, project: Project) -> None:
    """Commit only while the project is there."""
    tx.require(project, Project.pk.exists(), NotFound())


def remove(tx: Transaction, project: Project) -> None:
    """Delete the project; ``NotFound`` when another call just did."""
    tx.delete(project, Project.pk.exists(), NotFound())
    counters.add(tx, project.tenant, Project.KIND, -1)
