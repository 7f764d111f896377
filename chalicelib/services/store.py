"""Web services. Access paths: by id; a workspace's, newest first; a project's."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from ..errors import Conflict, Outdated
from ..settings import settings
from ..store import claims, counters, pages, segments
from ..store.items import Resource
from ..store.transaction import Transaction

NAME_TAKEN = "name: a web service of this project has this name; choose another"


class Service(Resource):
    """A web service.

    ``rolling_job_id`` is the lock of its one roll-out at a time; ``waiting_job_id`` the job that
    was asked for last; ``releases`` how many releases were named. ``revision`` counts the
    changes of what a release is made of, ``live_revision`` is that of the one that serves,
    ``resting_status`` what that does while another is rolled out. ``address`` is the URL that the
    engine has given it, where engines do.
    """

    KIND: ClassVar[str] = "svc"

    project_id = UnicodeAttribute()
    name = UnicodeAttribute()
    subdomain = UnicodeAttribute()
    address = UnicodeAttribute(null=True)
    git_repository_url = UnicodeAttribute(null=True)
    branch = UnicodeAttribute(default="main")
    root_directory = UnicodeAttribute(null=True)
    build_command = UnicodeAttribute(null=True)
    start_command = UnicodeAttribute(null=True)
    pre_deploy_command = UnicodeAttribute(null=True)
    source_type = UnicodeAttribute(default="git")
    project_type = UnicodeAttribute(default="web_service")
    publish_directory = UnicodeAttribute(null=True)
    spa = BooleanAttribute(default=False)
    port = NumberAttribute(default=8080)
    health_check_path = UnicodeAttribute(null=True)
    min_instances = NumberAttribute(default=1)
    max_instances = NumberAttribute(default=1)
    auto_deploy = BooleanAttribute(default=False)
    environment = UnicodeAttribute(default="production")
    status = UnicodeAttribute(default="stopped")
    revision = NumberAttribute(default=0)
    live_revision = NumberAttribute(null=True)
    resting_status = UnicodeAttribute(null=True)
    live_deployment_id = UnicodeAttribute(null=True)
    live_release_id = UnicodeAttribute(null=True)
    waiting_job_id = UnicodeAttribute(null=True)
    rolling_job_id = UnicodeAttribute(null=True)
    releases = NumberAttribute(default=0)

    @property
    def config_pending(self) -> bool:
        """Whether a change waits for the next deploy or restart."""
        return self.live_release_id is not None and self.live_revision != self.revision

    @property
    def host(self) -> str | None:
        """The name under which it answers; a worker keeps its own unused."""
        return None if self.project_type == "worker" else self.subdomain

    @property
    def url(self) -> str | None:
        """Where the service answers, if it does; None while that is not known yet."""
        by_host = self.host and settings().apps_url.format(host=self.host)
        return self.host and (self.address or by_host or None)


def add(tx: Transaction, service: Service) -> None:
    """Store a new service; its name and its host must be free."""
    claims.take(tx, _own_name(service), service.id, Conflict(NAME_TAKEN))
    claims.take(tx, _host_claim(service.subdomain), service.id, Outdated())
    segments.add(tx, service)
    counters.add(tx, service.tenant, _in_project(service.project_id), 1)


def host_is_free(host: str) -> bool:
    """Whether nobody holds the host name now."""
    return claims.owner(_host_claim(host)) is None


def name_is_free(tenant: str, project_id: str, name: str) -> bool:
    """Whether no service of the project has the name now."""
    return claims.owner(_name_claim(tenant, project_id, name)) is None


def page(tenant: str, offset: int, limit: int) -> tuple[list[Service], int]:
    """A workspace's services, newest first, and how many there are."""
    return segments.newest(Service, tenant, offset, limit)


def of_project(tenant: str, project_id: str, offset: int, limit: int) -> tuple[list[Service], int]:
    """A project's services, newest first, and how many there are."""
    found = pages.children(Service, tenant, project_id, offset, limit)
    return found, counters.read(tenant, _in_project(project_id))


def change(
    tx: Transaction, service: Service, changes: dict[str, Any], *, counts: bool = False
) -> None:
    """Change a service; a new name must be free in its project. ``counts``: it is a change of
    what a release is made of."""
    if changes.get("name", service.name).casefold() != service.name.casefold():
        _rename(tx, service, changes["name"])
    if counts:
        touch(tx, service, changes)
    else:
        tx.change(service, changes)


def touch(tx: Transaction, service: Service, changes: Mapping[str, Any] | None = None) -> None:
    """Count a change of what a release is made of; ``Outdated`` when another came first."""
    revision = int(service.revision)
    changes = {**(changes or {}), "revision": revision + 1}
    tx.change(service, changes, Service.revision == revision, Outdated())


def hold(tx: Transaction, service: Service) -> None:
    """Commit only while nothing has changed of what a release of the service is made of."""
    tx.require(service, Service.revision == int(service.revision), Outdated())


def remove(tx: Transaction, service: Service) -> None:
    """Delete the service and give its names back."""
    claims.release(tx, _own_name(service), service.id)
    claims.release(tx, _host_claim(service.subdomain), service.id)
    segments.remove(tx, service)
    counters.add(tx, service.tenant, _in_project(service.project_id), -1)


def _rename(tx: Transaction, service: Service, name: str) -> None:
    claims.release(tx, _own_name(service), service.id)
    claims.take(
        tx, _name_claim(service.tenant, service.project_id, name), service.id, Conflict(NAME_TAKEN)
    )


def _in_project(project_id: str) -> str:
    return f"{Service.KIND}#{project_id}"


def _own_name(service: Service) -> str:
    return _name_claim(service.tenant, service.project_id, service.name)


def _name_claim(tenant: str, project_id: str, name: str) -> str:
    return f"{tenant}#service-name#{project_id}#{name.casefold()}"


def _host_claim(host: str) -> str:
    return f"host#{host}"
