"""Web services, on the Public surface."""

from typing import Annotated

from .. import clock
from ..engines.base import Sample
from ..http.call import Call
from ..http.pages import Listing, Page
from ..http.routes import FromPath
from ..http.surfaces import public
from ..security.egress import redact
from . import service as services
from . import store
from .schemas import (
    PERIODS,
    LogQuery,
    Logs,
    Metrics,
    MetricsHistory,
    MetricsPoint,
    MetricsQuery,
    ServiceAnswer,
    ServiceChange,
    ServiceCreate,
    ServiceFilter,
)

ServiceInPath = Annotated[store.Service, FromPath("web_service_id", "svc", services.get)]

PATH = "/web-services/{web_service_id}"
LATEST_SECONDS = 60
NEW = {
    "name": "backend-api",
    "git_repository_url": "https://github.com/user/repo",
    "port": 3000,
    "build_command": "npm run build",
    "min_instances": 1,
    "max_instances": 3,
}


@public.get("/web-services", scope="read", plural="web_services", for_bound_keys=True)
def list_web_services(call: Call, page: Page, query: ServiceFilter) -> Listing[ServiceAnswer]:
    """List the workspace's web services, newest first."""
    found, total = services.page(call, query.project_id, page)
    return Listing([answer(one) for one in found], total, page)


@public.post("/web-services", scope="write", status=201, example=NEW, for_bound_keys=True)
def create_web_service(call: Call, body: ServiceCreate) -> ServiceAnswer:
    """Create a web service; deploying it is a call of its own."""
    return answer(services.create(call, body))


@public.get(PATH, scope="read")
def get_web_service(call: Call, service: ServiceInPath) -> ServiceAnswer:
    """Get a web service."""
    del call
    return answer(service)


@public.patch(PATH, scope="write", example={"name": "new-name", "min_instances": 2})
def update_web_service(call: Call, service: ServiceInPath, body: ServiceChange) -> ServiceAnswer:
    """Change a web service; the process gets the change at its next deploy or restart."""
    return answer(services.update(call, service, body.sent()))


@public.delete(PATH, scope="admin", status=204)
def delete_web_service(call: Call, service: ServiceInPath) -> None:
    """Delete a web service with its deployments, variables and logs."""
    services.delete(call.tx, service)


@public.get(PATH + "/logs", scope="read")
def get_web_service_logs(call: Call, service: ServiceInPath, query: LogQuery) -> Logs:
    """Read what the service's processes wrote.

    With ``follow=true`` the answer is a stream of server-sent events, a line each. ``event: end``
    says why no more come: the service was ``deleted``, the credential is ``unauthorized`` by now,
    or the stream was ``interrupted`` and can be asked for again.
    """
    found = services.logs(call, service, query)
    return Logs(logs=found.text, container_id=found.container_id, timestamp=clock.now_ms())


@public.get(PATH + "/metrics", scope="read")
def get_web_service_metrics(call: Call, service: ServiceInPath) -> Metrics:
    """Read what the service's processes take now; zeros when it does not run."""
    del call
    samples = services.metrics(service, LATEST_SECONDS)
    latest = samples[-1] if samples else Sample(clock.now(), 0.0, 0, 0)
    return Metrics(
        **_point(latest).model_dump(),
        memory_limit_bytes=latest.memory_limit_bytes * max(latest.instances, 1),
    )


@public.get(PATH + "/metrics/history", scope="read")
def get_web_service_metrics_history(
    call: Call, service: ServiceInPath, query: MetricsQuery
) -> MetricsHistory:
    """Read what the service's processes took over a period."""
    del call
    samples = services.metrics(service, PERIODS[query.period])
    return MetricsHistory(period=query.period, points=[_point(each) for each in samples])


def _point(sample: Sample) -> MetricsPoint:
    return MetricsPoint(
        timestamp=sample.at * 1000,
        cpu_percent=sample.cpu_percent,
        memory_bytes=sample.memory_bytes,
        instances=sample.instances,
    )


def answer(service: store.Service) -> ServiceAnswer:
    """The answer about a service."""
    shown = ServiceAnswer.model_validate(service)
    shown.subdomain = service.host
    shown.git_repository_url = redact(service.git_repository_url or "") or None
    return shown
