"""Projects, on the Platform and the Public surface."""

from typing import Annotated

from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import platform, public
from . import service, store
from .schemas import ProjectAnswer, ProjectChange, ProjectCreate, ProjectDeleted

ProjectInPath = Annotated[store.Project, FromPath("project_id", "prj", service.get)]

NEW = {"name": "my-new-app", "region": "us-west-2", "framework": "nodejs"}


@platform.get("/projects", scope="read", plural="projects", for_bound_keys=True)
@public.get("/projects", scope="read", plural="projects", for_bound_keys=True)
def list_projects(call: Call, page: Page) -> Listing[ProjectAnswer]:
    """List the workspace's projects, newest first."""
    projects, total = service.page(call, page)
    return Listing([ProjectAnswer.model_validate(one) for one in projects], total, page)


@platform.post("/projects", scope="write", status=201, example=NEW)
@public.post("/projects", scope="write", status=201, example={"name": "my-app"})
def create_project(call: Call, body: ProjectCreate) -> ProjectAnswer:
    """Create a project in the caller's workspace."""
    return ProjectAnswer.model_validate(service.create(call, body))


@platform.get("/projects/{project_id}", scope="read")
@public.get("/projects/{project_id}", scope="read")
def get_project(call: Call, project: ProjectInPath) -> ProjectAnswer:
    """Get a project."""
    del call
    return ProjectAnswer.model_validate(project)


@platform.patch("/projects/{project_id}", scope="write", example={"description": "The shop"})
@public.patch("/projects/{project_id}", scope="write", example={"description": "The shop"})
def update_project(call: Call, project: ProjectInPath, body: ProjectChange) -> ProjectAnswer:
    """Change a project; what is left out stays."""
    return ProjectAnswer.model_validate(service.update(call, project, body.sent()))


@platform.delete("/projects/{project_id}", scope="admin")
def delete_project(call: Call, project: ProjectInPath) -> ProjectDeleted:
    """Delete a project with its services, deployments and secrets."""
    service.delete(call, project)
    return ProjectDeleted(id=project.id)


@public.delete("/projects/{project_id}", scope="admin", status=204)
def delete_public_project(call: Call, project: ProjectInPath) -> None:
    """Delete a project with its services, deployments and secrets."""
    service.delete(call, project)
