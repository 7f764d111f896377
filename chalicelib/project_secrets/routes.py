"""Secrets of projects, on the Public surface."""

from typing import Annotated

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import public
from ..projects.routes import ProjectInPath
from ..projects.store import Project
from ..variables.service import BODY_KIB
from . import service
from .schemas import (
    SecretAnswer,
    SecretChange,
    SecretFilter,
    SecretItems,
    SecretRemoval,
    SecretSet,
)
from .store import Held, Secrets

SecretInPath = Annotated[Held, FromPath("secret_id", "sec", service.get)]

ALL = "/projects/{project_id}/secrets"
ONE = ALL + "/{secret_id}"
NEW = {
    "key": "STRIPE_SECRET_KEY",
    "value": "sk_live_...",
    "scope": "production",
    "is_secret": True,
}
SOME = {
    "secrets": [
        {"key": "API_SECRET", "value": "value1", "scope": "production"},
        {"key": "API_SECRET", "value": "value2", "scope": "staging"},
    ]
}


@public.get(ALL, scope="read", plural="secrets", page_limit=service.MOST)
def list_secrets(
    call: Call, project: ProjectInPath, page: Page, query: SecretFilter
) -> Listing[SecretAnswer]:
    """List a project's secrets by key, all of them unless ``limit`` says otherwise, masked."""
    del call
    found = service.read(project).secrets
    chosen = {place: one for place, one in found.items() if query.scope in {None, one.scope}}
    rows = _masked(chosen, project)
    return Listing(rows[page.offset : page.offset + page.limit], len(rows), page)


@public.get(ONE + "/reveal", scope="admin", reveals=True)
def reveal_secret(call: Call, project: ProjectInPath, held: SecretInPath) -> SecretAnswer:
    """Show a secret with its value."""
    del call
    return SecretAnswer.of(held.secret, project.id, is_revealed=True)


@public.post(ALL, scope="write", status=201, example=NEW)
def create_secret(call: Call, project: ProjectInPath, body: SecretSet) -> SecretAnswer:
    """Add a secret in a scope; services take it by a binding."""
    return SecretAnswer.of(service.add(call, project, body), project.id)


@public.put(ALL + "/bulk", scope="write", plural="secrets", body_kib=BODY_KIB, example=SOME)
def change_secrets(call: Call, project: ProjectInPath, body: SecretItems) -> Listing[SecretAnswer]:
    """Change or add these secrets by key and scope, all at once; the others stay."""
    rows = _masked(service.change_many(call, project, body.secrets), project)
    return Listing(rows, len(rows), Page(0, service.MOST))


@public.patch(ONE, scope="write", example={"value": "new-value"})
def update_secret(
    call: Call, project: ProjectInPath, held: SecretInPath, body: SecretChange
) -> SecretAnswer:
    """Change a secret; it reaches the services that use it at their next deploy or restart."""
    return SecretAnswer.of(service.change(call, project, held, body), project.id)


@public.delete(ONE, scope="write", status=204)
def delete_secret(
    call: Call, project: ProjectInPath, held: SecretInPath, query: SecretRemoval
) -> None:
    """Delete a secret. One that services use stays, unless ``force`` is true."""
    service.delete(call, project, held, is_forced=query.force)


def _masked(found: Secrets, project: Project) -> list[SecretAnswer]:
    return [SecretAnswer.of(found[place], project.id) for place in sorted(found)]
