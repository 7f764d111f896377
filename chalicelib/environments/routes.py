"""Environments, on the Platform surface."""

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.surfaces import platform
from ..project_secrets import store as vaults
from ..project_secrets.scopes import CHAINS
from ..projects.routes import ProjectInPath
from ..services import store as services
from .schemas import Environment

MOST_SERVICES = 1_000


@platform.get("/projects/{project_id}/environments", scope="read", plural="environments")
def list_environments(call: Call, project: ProjectInPath, page: Page) -> Listing[Environment]:
    """List a project's environments with what runs in them, production first."""
    found, _ = services.of_project(call.tenant, project.id, 0, MOST_SERVICES)
    scopes = [scope for _, scope in vaults.read(call.tenant, project.id).secrets]
    rows = [
        Environment(
            name=name,
            web_services=sum(one.environment == name for one in found),
            secrets=scopes.count(name),
            secret_scopes=list(chain),
        )
        for name, chain in CHAINS.items()
    ]
    return Listing(rows[page.offset : page.offset + page.limit], len(rows), page)
