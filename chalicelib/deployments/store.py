"""Deployments and the configuration of releases.

Access paths: a deployment by id; a service's, newest first; a configuration by its release.
"""

from dataclasses import asdict, dataclass, field
from typing import ClassVar

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from ..engines.base import ProjectType
from ..security import documents
from ..store import counters, pages
from ..store.items import Resource, under
from ..store.transaction import Transaction


class Deployment(Resource):
    """A deployment of a service.

    ``artifact_id`` is the deployment whose build is run (another's after a rollback);
    ``release_id`` names what was started of it last, and with which configuration; of an image
    there is an ``image_ref`` in place of a ``git_url``;
    ``repeats`` is the release that a rollback goes back to, with its artifact and configuration;
    ``failed_phase`` is the engine's ``Phase`` in which it failed, where that is known.
    """

    KIND: ClassVar[str] = "dep"

    service_id = UnicodeAttribute()
    project_id = UnicodeAttribute()
    status = UnicodeAttribute()
    url = UnicodeAttribute(null=True)
    git_url = UnicodeAttribute(null=True)
    image_ref = UnicodeAttribute(null=True)
    branch = UnicodeAttribute()
    commit = UnicodeAttribute(null=True)
    artifact_id = UnicodeAttribute()
    release_id = UnicodeAttribute()
    job_id = UnicodeAttribute()
    rollback_from_deployment_id = UnicodeAttribute(null=True)
    repeats = UnicodeAttribute(null=True)
    error_message = UnicodeAttribute(null=True)
    failed_phase = UnicodeAttribute(null=True)
    finished_at = NumberAttribute(null=True)


@dataclass(frozen=True)
class Configuration:
    """What a release is built and started with. Without a repository ``git_url`` is empty.

    ``secret_keys`` are those of the environment whose values are secret; ``branch`` and
    ``revision`` are the service's when this was said.
    """

    git_url: str = field(repr=False)
    branch: str
    port: int
    root_directory: str | None = None
    dockerfile_path: str | None = None
    image_ref: str | None = None
    build_command: str | None = None
    start_command: str | None = None
    pre_deploy_command: str | None = None
    health_check_path: str | None = None
    project_type: ProjectType = "web_service"
    publish_directory: str | None = None
    spa: bool = False
    min_instances: int = 1
    max_instances: int = 1
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    secret_keys: list[str] = field(default_factory=list)
    revision: int = 0


class _SealedConfiguration(Resource):
    """The configuration of a release, encrypted: ``sk`` is the release's id."""

    KIND: ClassVar[str] = "cfg"

    sealed = BinaryAttribute(legacy_encoding=False)


def add(tx: Transaction, deployment: Deployment) -> None:
    """Store a new deployment."""
    tx.create(deployment)
    counters.add(tx, deployment.tenant, _count(deployment.service_id), 1)


def page(tenant: str, service_id: str, offset: int, limit: int) -> tuple[list[Deployment], int]:
    """A service's deployments, newest first, and how many there are."""
    found = pages.children(Deployment, tenant, service_id, offset, limit)
    return found, counters.read(tenant, _count(service_id))


def configure(tx: Transaction, tenant: str, release_id: str, configuration: Configuration) -> None:
    """Keep the configuration of a release."""
    sealed = documents.seal(tenant, _owner(release_id), asdict(configuration))
    tx.put(_SealedConfiguration.new(tenant, release_id, parent=_parent(release_id), sealed=sealed))


def configuration(tenant: str, release_id: str) -> Configuration:
    """The configuration that a release was given."""
    found = _SealedConfiguration.get(
        _SealedConfiguration.partition(tenant), release_id, consistent_read=True
    )
    return Configuration(**documents.unseal(tenant, _owner(release_id), found.sealed))


def forget_configuration(tx: Transaction, tenant: str, release_id: str) -> None:
    """Delete the configuration of a release that another has replaced."""
    tx.delete(_SealedConfiguration(_SealedConfiguration.partition(tenant), release_id))


def remove(tx: Transaction, deployment: Deployment) -> None:
    """Delete a deployment with the configurations of its releases."""
    tx.delete(deployment)
    tenant = deployment.tenant
    for sealed in pages.children(_SealedConfiguration, tenant, deployment.id, 0, MOST_RELEASES):
        tx.delete(sealed)


def forget_count(tx: Transaction, tenant: str, service_id: str) -> None:
    """Forget how many deployments a service had that goes."""
    counters.drop(tx, tenant, _count(service_id))


def first_release(deployment_id: str) -> str:
    """The name of a deployment's first release."""
    return f"{deployment_id}-1"


def later_release(deployment_id: str, number: int) -> str:
    """The name of a release that starts a deployment anew; the number is the service's."""
    return f"{deployment_id}-{number + 1}"


MOST_RELEASES = 8


def _parent(release_id: str) -> str:
    return under(release_id.partition("-")[0], release_id)


def _count(service_id: str) -> str:
    return f"{Deployment.KIND}#{service_id}"


def _owner(release_id: str) -> str:
    return f"configuration {release_id}"
