"""Projects. Access paths: by id; a workspace's, newest first."""

from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute

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


def oldest(tenant: str) -> Project | None:
    """The workspace's first project."""
    return next(iter(Project.query(Project.partition(tenant), limit=1, consistent_read=True)), None)


def require(tx: Transaction, project: Project) -> None:
    """Commit only while the project is there."""
    tx.require(project, Project.pk.exists(), NotFound())


def remove(tx: Transaction, project: Project) -> None:
    """Delete the project; ``NotFound`` when another call just did."""
    tx.delete(project, Project.pk.exists(), NotFound())
    counters.add(tx, project.tenant, Project.KIND, -1)
