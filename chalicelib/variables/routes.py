"""Environment variables of web services, on the Public surface."""

from typing import Annotated

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import public
from ..services.routes import PATH, ServiceInPath
from . import service
from .schemas import VariableAnswer, VariableChange, VariableItems, VariableSet
from .store import Held, Variables

VariableInPath = Annotated[Held, FromPath("var_id", "var", service.get)]

ALL = PATH + "/env"
ONE = ALL + "/{var_id}"
MANY = ALL + "/bulk"
NEW = {"key": "DATABASE_URL", "value": "postgres://...", "is_secret": True}
SOME = {
    "variables": [
        {"key": "NODE_ENV", "value": "production"},
        {"key": "PORT", "value": "3000", "is_secret": False},
    ]
}


@public.get(ALL, scope="read", plural="environment_variables", page_limit=service.MOST)
def list_variables(call: Call, web_service: ServiceInPath, page: Page) -> Listing[VariableAnswer]:
    """List a web service's variables by key, all of them unless ``limit`` says otherwise.

    Values of secrets are masked.
    """
    del call
    found = service.read(web_service).variables
    rows = _masked(found)
    return Listing(rows[page.offset : page.offset + page.limit], len(rows), page)


@public.get(ALL + "/reveal-all", scope="admin", plural="environment_variables", reveals=True)
def reveal_variables(call: Call, web_service: ServiceInPath) -> Listing[VariableAnswer]:
    """Show all variables with their values."""
    del call
    found = service.read(web_service).variables
    rows = [VariableAnswer.model_validate(found[key]) for key in sorted(found)]
    return _all(rows)


@public.get(ONE + "/reveal", scope="admin", reveals=True)
def reveal_variable(call: Call, web_service: ServiceInPath, held: VariableInPath) -> VariableAnswer:
    """Show a variable with its value."""
    del call, web_service
    return VariableAnswer.model_validate(held.variable)


@public.post(ALL, scope="write", status=201, example=NEW)
def create_variable(call: Call, web_service: ServiceInPath, body: VariableSet) -> VariableAnswer:
    """Add a variable; it reaches the service at its next deploy or restart."""
    return VariableAnswer.masked(service.add(call, web_service, body))


@public.put(
    MANY, scope="write", plural="environment_variables", body_kib=service.BODY_KIB, example=SOME
)
def replace_variables(
    call: Call, web_service: ServiceInPath, body: VariableItems
) -> Listing[VariableAnswer]:
    """Let these be the service's variables, all at once; a key that is left out is removed."""
    return _all(_masked(service.replace_all(call, web_service, body.variables)))


@public.patch(
    MANY, scope="write", plural="environment_variables", body_kib=service.BODY_KIB, example=SOME
)
def change_variables(
    call: Call, web_service: ServiceInPath, body: VariableItems
) -> Listing[VariableAnswer]:
    """Change or add these variables, all at once; the others stay."""
    return _all(_masked(service.change_many(call, web_service, body.variables)))


@public.patch(ONE, scope="write", example={"value": "new-value"})
def update_variable(
    call: Call, web_service: ServiceInPath, held: VariableInPath, body: VariableChange
) -> VariableAnswer:
    """Change a variable; a masked value stays as it is."""
    return VariableAnswer.masked(service.change(call, web_service, held, body))


@public.delete(ONE, scope="write", status=204)
def delete_variable(call: Call, web_service: ServiceInPath, held: VariableInPath) -> None:
    """Delete a variable."""
    service.delete(call, web_service, held)


def _masked(found: Variables) -> list[VariableAnswer]:
    return [VariableAnswer.masked(found[key]) for key in sorted(found)]


def _all(rows: list[VariableAnswer]) -> Listing[VariableAnswer]:
    return Listing(rows, len(rows), Page(0, service.MOST))
