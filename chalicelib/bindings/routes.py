"""Bindings of web services to the secrets of their project, on the Public surface."""

from typing import Annotated

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import public
from ..services.routes import PATH, ServiceInPath
from ..variables import service as variables
from ..variables.store import Binding, HeldBinding
from . import resolution, service
from .schemas import (
    BindingAnswer,
    BindingItems,
    BindingSet,
    ResolvedQuery,
    ResolvedVariable,
    ResolvedVariables,
)

BindingInPath = Annotated[HeldBinding, FromPath("binding_id", "bnd", service.get)]

ALL = PATH + "/secret-bindings"
SECRET = "01a1fc07-dad2-703c-9d47-0bc2df0f7f68"  # noqa: S105 (an id)
NEW = {"project_secret_id": SECRET, "alias_key": "DB_PASSWORD"}
SOME = {
    "bindings": [
        {"project_secret_id": SECRET, "alias_key": "DB_PASSWORD"},
        {"project_secret_id": SECRET, "alias_key": "REDIS_URL"},
    ]
}


@public.get(ALL, scope="read", plural="secret_bindings", page_limit=service.MOST)
def list_bindings(call: Call, web_service: ServiceInPath, page: Page) -> Listing[BindingAnswer]:
    """List a web service's bindings, all of them unless ``limit`` says otherwise."""
    del call
    found = _rows(variables.read(web_service).bindings)
    return Listing(found[page.offset : page.offset + page.limit], len(found), page)


@public.get(ALL + "/resolved", scope="read", reveal_flag="reveal")
def get_resolved_variables(
    call: Call, web_service: ServiceInPath, query: ResolvedQuery
) -> ResolvedVariables:
    """Show what the next start of a web service receives, where from, and what it hides.

    With ``reveal=true``, which takes the scope admin, secrets are shown with their values.
    """
    del call
    found = resolution.of(web_service)
    rows = [ResolvedVariable.with_shadows(one, is_revealed=query.reveal) for one in found]
    return ResolvedVariables(variables=rows)


@public.post(ALL, scope="write", status=201, example=NEW)
def create_binding(call: Call, web_service: ServiceInPath, body: BindingSet) -> BindingAnswer:
    """Bind a variable to a secret; its scope is chosen at each deploy or restart."""
    return BindingAnswer.model_validate(service.add(call, web_service, body))


@public.put(ALL + "/bulk", scope="write", plural="secret_bindings", example=SOME)
def replace_bindings(
    call: Call, web_service: ServiceInPath, body: BindingItems
) -> Listing[BindingAnswer]:
    """Let these be the service's bindings, all at once; one that is left out is removed."""
    rows = _rows(service.replace_all(call, web_service, body.bindings))
    return Listing(rows, len(rows), Page(0, service.MOST))


@public.delete(ALL + "/{binding_id}", scope="write", status=204)
def delete_binding(call: Call, web_service: ServiceInPath, held: BindingInPath) -> None:
    """Unbind a variable."""
    service.delete(call, web_service, held)


def _rows(found: dict[str, Binding]) -> list[BindingAnswer]:
    return [BindingAnswer.model_validate(found[alias]) for alias in sorted(found)]
