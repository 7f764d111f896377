"""Deployments on both surfaces, and the power switch of web services."""

from typing import Annotated

from .. import clock
from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import platform, public
from ..projects.routes import ProjectInPath
from ..services.routes import PATH, ServiceInPath, answer
from ..services.schemas import Logs, ServiceAnswer
from . import diagnosis, power, rollback, service, waiting
from .rollback_schemas import DryRun, RollbackPlan
from .schemas import (
    PLATFORM_STATUS,
    PUBLIC_STATUS,
    BuildLogQuery,
    Diagnosis,
    PlatformDeployment,
    ProjectDeploy,
    PublicDeployment,
    ServiceDeploy,
    WaitQuery,
)
from .store import Deployment

DeploymentInPath = Annotated[Deployment, FromPath("deployment_id", "dep", service.get)]
OfServiceInPath = Annotated[Deployment, FromPath("deployment_id", "dep", service.of_service)]

ONE = PATH + "/deployments/{deployment_id}"
NEW = {
    "git_url": "https://github.com/user/repo.git",
    "branch": "main",
    "environment": {"NODE_ENV": "production", "API_KEY": "secret_key"},
}


@platform.post("/projects/{project_id}/deployments", scope="write", status=201, example=NEW)
def deploy_project(call: Call, project: ProjectInPath, body: ProjectDeploy) -> PlatformDeployment:
    """Deploy the project's web service, which is made on first use."""
    environment = body.environment
    made = service.deploy_project(call, project, body.git_url, body.branch, environment)
    return PlatformDeployment.of(made)


@platform.get("/projects/{project_id}/deployments", scope="read", plural="deployments")
def list_project_deployments(
    call: Call, project: ProjectInPath, page: Page
) -> Listing[PlatformDeployment]:
    """List the deployments of the project's web service, newest first."""
    found, total = service.page(call, project.default_service_id, page)
    return Listing([PlatformDeployment.of(one) for one in found], total, page)


@platform.get("/deployments/{deployment_id}", scope="read")
def get_deployment(
    call: Call, deployment: DeploymentInPath, query: WaitQuery
) -> PlatformDeployment:
    """Get a deployment; with ``wait``, when it is over or after so many seconds."""
    return PlatformDeployment.of(waiting.wait(call, deployment, query.wait))


@platform.get("/deployments/{deployment_id}/logs", scope="read")
def get_deployment_logs(call: Call, deployment: DeploymentInPath, query: BuildLogQuery) -> Logs:
    """Read what the build wrote.

    With ``follow=true`` the answer is a stream of server-sent events, a line each. ``event: end``
    says how the deployment ended, that the credential is ``unauthorized`` by now, or that the
    stream was ``interrupted`` and can be asked for again.
    """
    if query.follow:
        service.follow_build(call, deployment)
    log = service.build_log(deployment)
    return Logs(logs=log, container_id=deployment.release_id, timestamp=clock.now_ms())


@platform.get("/deployments/{deployment_id}/diagnose", scope="read")
def diagnose_deployment(call: Call, deployment: DeploymentInPath) -> Diagnosis:
    """Say why a deployment failed and what to try, or how it is."""
    del call
    return Diagnosis.of(deployment, diagnosis.diagnose(deployment), PLATFORM_STATUS)


@platform.post("/deployments/{deployment_id}/cancel", scope="write")
def cancel_deployment(call: Call, deployment: DeploymentInPath) -> PlatformDeployment:
    """Cancel a deployment that is under way."""
    return PlatformDeployment.of(service.cancel(call, deployment))


@platform.post(
    "/deployments/{deployment_id}/rollback",
    scope="write",
    status=201,
    instead={200: RollbackPlan},
)
def rollback_to_deployment(
    call: Call, deployment: DeploymentInPath, query: DryRun
) -> PlatformDeployment | RollbackPlan:
    """Deploy again what this deployment built, configured as it was.

    With ``dry_run=true`` nothing is done: the answer is what would change.
    """
    if query.dry_run:
        return RollbackPlan.of(rollback.plan(call, deployment))
    return PlatformDeployment.of(rollback.rollback(call, deployment))


@public.get(PATH + "/deployments", scope="read", plural="deployments", page_limit=10)
def list_deployments(
    call: Call, web_service: ServiceInPath, page: Page
) -> Listing[PublicDeployment]:
    """List a web service's deployments, newest first."""
    found, total = service.page(call, web_service.id, page)
    return Listing([PublicDeployment.of(one) for one in found], total, page)


@public.post(PATH + "/deployments", scope="write", status=201, example={"branch": "main"})
def create_deployment(
    call: Call, web_service: ServiceInPath, body: ServiceDeploy
) -> PublicDeployment:
    """Deploy a web service."""
    return PublicDeployment.of(service.deploy(call, web_service, body.branch))


@public.post(PATH + "/deploy", scope="write", status=201, example={"branch": "main"})
def deploy_web_service(
    call: Call, web_service: ServiceInPath, body: ServiceDeploy
) -> PublicDeployment:
    """Deploy a web service, as POST …/deployments does."""
    return PublicDeployment.of(service.deploy(call, web_service, body.branch))


@public.get(ONE, scope="read")
def get_service_deployment(
    call: Call, web_service: ServiceInPath, deployment: OfServiceInPath
) -> PublicDeployment:
    """Get a deployment with the log of its build."""
    del call, web_service
    return PublicDeployment.of(deployment, service.build_log(deployment))


@public.get(ONE + "/diagnose", scope="read")
def diagnose_service_deployment(
    call: Call, web_service: ServiceInPath, deployment: OfServiceInPath
) -> Diagnosis:
    """Say why a deployment failed and what to try, or how it is."""
    del call, web_service
    return Diagnosis.of(deployment, diagnosis.diagnose(deployment), PUBLIC_STATUS)


@public.post(ONE + "/cancel", scope="write")
def cancel_service_deployment(
    call: Call, web_service: ServiceInPath, deployment: OfServiceInPath
) -> PublicDeployment:
    """Cancel a deployment that is under way."""
    del web_service
    return PublicDeployment.of(service.cancel(call, deployment))


@public.post(ONE + "/rollback", scope="write", status=201, instead={200: RollbackPlan})
def rollback_service(
    call: Call, web_service: ServiceInPath, deployment: OfServiceInPath, query: DryRun
) -> PublicDeployment | RollbackPlan:
    """Deploy again what this deployment built, configured as it was.

    With ``dry_run=true`` nothing is done: the answer is what would change.
    """
    del web_service
    if query.dry_run:
        return RollbackPlan.of(rollback.plan(call, deployment))
    return PublicDeployment.of(rollback.rollback(call, deployment))


@public.post(PATH + "/start", scope="write")
def start_web_service(call: Call, web_service: ServiceInPath) -> ServiceAnswer:
    """Bring a stopped service's live deployment back."""
    return answer(power.start(call, web_service))


@public.post(PATH + "/stop", scope="write")
def stop_web_service(call: Call, web_service: ServiceInPath) -> ServiceAnswer:
    """Stop a service; what it has stays."""
    return answer(power.stop(call, web_service))


@public.post(PATH + "/restart", scope="write")
def restart_web_service(call: Call, web_service: ServiceInPath) -> ServiceAnswer:
    """Start a service's live deployment anew, with the present configuration."""
    return answer(power.restart(call, web_service))
