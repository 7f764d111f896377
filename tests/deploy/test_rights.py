"""Each function of the deployed stack may do what it does, and nothing else."""

from collections.abc import Iterator

import pytest

import app
from chalicelib.engines.aws.engine import AwsEngine
from chalicelib.http.surfaces import all_routes
from chalicelib.jobs import Job, queue
from tests.client import Client, Queue, make_client
from tests.contract.world import Ids, home_of, make_people
from tests.deployments.test_rollout import deploy
from tests.engines.aws.cloud import Cloud
from tests.engines.aws.life import live_whole
from tests.engines.aws.test_deployment import hear_of

from .conftest import Operator
from .installation import installed
from .rights import Walk, watched

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")
ALL_OF_IT = {"ORBITRA_RESERVE_INSTANCES": "true", "MOTO_LAMBDA_STUB_ECR": "false"}
READS = ("check", "build_log", "logs", "metrics")


def test_each_function_may_do_what_it_does_and_nothing_else(operator: Operator) -> None:
    operator.deploy()
    with installed(**ALL_OF_IT) as cloud, watched() as walk:
        _live_on_the_engine(walk)
        _use_everything()
        _let_it_fail(walk, cloud)
        assert walk.refused() == []
        assert walk.unused() == []


def _live_on_the_engine(walk: Walk) -> None:
    """A service's whole life; the API reads, the worker does the rest."""
    engine = AwsEngine()
    for name in [name for name in vars(AwsEngine) if callable(getattr(engine, name))]:
        function = "api" if name in READS else "work"
        setattr(engine, name, walk.acts(function, getattr(engine, name)))
    live_whole(engine)
    live_whole(engine, dockerfile_path="Dockerfile")


def _use_everything() -> None:
    """One of each kind is made, read and deleted; what that causes is done."""
    ada, jobs = make_client().register("ada@example.com"), Queue()
    ada.post("/v1/projects", {"name": "first"})
    jobs.run_to_the_end()
    ids = _make_one_of_each(ada)
    for job in Job.scan(Job.shard.exists()):
        hear_of(job.id)
        job.update(actions=[Job.due_at.set(1)])
    app.sweep_jobs(SCHEDULED, None)
    jobs.run_to_the_end()
    for method in ("GET", "DELETE"):
        for path in _paths(method, ids):
            assert ada.call(method, path).status < 500
        jobs.run_to_the_end()


def _let_it_fail(walk: Walk, cloud: Cloud) -> None:
    """An app that crashes, a build that says nothing, a job that is given up."""
    ada, jobs = make_client().register("bob@example.com"), Queue()
    cloud.crash = "Runtime exited with error: exit status 1"
    deploy(ada, name="crashes")
    jobs.run_to_the_end()
    cloud.outcome = {"status": "FAILED", "silent": True}
    deploy(ada, name="silent")
    jobs.run_to_the_end()
    walk.acts("work", queue.bury)("job_1", "given up")


def _make_one_of_each(ada: Client) -> Ids:
    shown = ada.get(f"/v1/deployments/{deploy(ada)}").json()
    project, service = shown["project_id"], shown["service_id"]
    new = {"key": "K", "value": "v", "scope": "production"}
    secret = ada.post(f"/api/projects/{project}/secrets", new).json()["id"]
    bound = ada.post(f"/api/web-services/{service}/secret-bindings", {"project_secret_id": secret})
    hook = ada.post("/v1/webhooks", {"url": "http://127.0.0.1:1/", "events": ["*"]}).json()["id"]
    return {
        "project_id": project,
        "deployment_id": shown["id"],
        "web_service_id": service,
        "secret_id": secret,
        "binding_id": bound.json()["id"],
        "webhook_id": hook,
        "delivery_id": ada.post(f"/v1/webhooks/{hook}/test").json()["id"],
        **make_people(ada, home_of(ada), "carol"),
    }


def _paths(method: str, ids: Ids) -> Iterator[str]:
    """The paths of all routes that these ids fill, the deepest first."""
    routes = [one for one in all_routes() if one.method == method]
    for route in sorted(routes, key=lambda one: one.path.count("/"), reverse=True):
        names = {source.name for source in route.resources.values()}
        if names <= ids.keys():
            yield route.path.format(**ids)


SCHEDULED = {
    **dict.fromkeys(("version", "id", "account", "time", "region"), "one"),
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "resources": [],
    "detail": {},
}
