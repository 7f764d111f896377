"""Projects. Access paths: by id; a workspace's, newest first."""

from typing import ClassVar

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from ..errors import NotFound, Outdated
from ..store import claims, segments
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
    is_default = BooleanAttribute(null=True)


def add(tx: Transaction, project: Project) -> None:
    """Store a new project."""
    segments.add(tx, project)


def page(tenant: str, offset: int, limit: int) -> tuple[list[Project], int]:
    """A workspace's projects, newest first, and how many there are."""
    return segments.newest(Project, tenant, offset, limit)


def default(tenant: str) -> Project | None:
    """The project of the services that name none."""
    owner = claims.owner(_default_claim(tenant))
    return Project.of(tenant, owner) if owner else None


def make_default(tx: Transaction, project: Project) -> None:
    """Let a new project be the one of the services that name none."""
    project.is_default = True
    claims.take(tx, _default_claim(project.tenant), project.id, Outdated())


def require(tx: Transaction, project: Project) -> None:
    """Commit only while the project is there."""
    tx.require(project, Project.pk.exists(), NotFound())


def remove(tx: Transaction, project: Project) -> None:
    """Delete the project; ``NotFound`` when another call just did."""
    if project.is_default:
        claims.release(tx, _default_claim(project.tenant), project.id)
    segments.remove(tx, project, NotFound())


def _default_claim(tenant: str) -> str:
    return f"{tenant}#default-project"
