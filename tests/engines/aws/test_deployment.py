"""A deployment by the routes and the job, with this engine; CodeBuild's event resumes it."""

import app
from chalicelib import aws, engines
from chalicelib.engines.aws.engine import AwsEngine
from chalicelib.settings import settings
from tests.client import Client, Queue, make_due
from tests.deployments.test_rollout import deploy, service_of, service_status, status
from tests.engines.aws.cloud import IMAGE_PROJECT, PROJECT, Cloud
from tests.engines.aws.test_builds import event
from tests.engines.aws.test_releases import MAKING


def test_it_goes_live(ada: Client, queue: Queue, aws_engine: AwsEngine, cloud: Cloud) -> None:
    engines.use(aws_engine)
    deployment = deploy(ada)
    for _ in range(3):
        queue.run_once()
    (sent,) = cloud.of("codebuild.StartBuild")
    job_id = sent["environmentVariablesOverride"][2]["value"]
    queue.receive()
    assert queue.run_once() == 0

    cloud.looks[f"{PROJECT}:{deployment}"] = 3
    hear_of(job_id)
    assert queue.run_once() == 1
    assert status(ada, deployment) == "deploying"
    queue.run_to_the_end()

    shown = ada.get(f"/v1/deployments/{deployment}").json()
    assert (shown["status"], shown["error_message"]) == ("live", None)
    assert service_status(ada, deployment) == "running"
    assert queue.dead() == []


def test_an_image_goes_live(ada: Client, queue: Queue, aws_engine: AwsEngine, cloud: Cloud) -> None:
    engines.use(aws_engine)
    fields = {"source_type": "image", "image_ref": "ghcr.io/user/app:1"}
    made = ada.post("/api/web-services", {"name": "shop", **fields}).json()
    path = f"/api/web-services/{made['id']}"
    deployment = ada.post(f"{path}/deployments", {}).json()["id"]
    queue.run_to_the_end()
    shown = ada.get(f"{path}/deployments/{deployment}").json()
    assert (shown["status"], shown["error_message"]) == ("running", None)
    (sent,) = cloud.of("codebuild.StartBuild")
    assert sent["projectName"] == IMAGE_PROJECT
    assert ada.delete(path).status == 204
    queue.run_to_the_end()
    assert cloud.of("ecr.DeleteRepository")


def test_the_url_is_what_aws_gives(
    ada: Client, queue: Queue, aws_engine: AwsEngine, cloud: Cloud
) -> None:
    engines.use(aws_engine)
    first = deploy(ada)
    assert urls(ada, first) == {None}
    queue.run_to_the_end()
    (made,) = cloud.of("lambda.CreateFunctionUrlConfig")
    url = aws.client("lambda").get_function_url_config(FunctionName=made["FunctionName"])
    assert urls(ada, first) == {url["FunctionUrl"]}

    service = f"/api/web-services/{service_of(ada, first)}"
    for action in ("deployments", "stop", "start", "restart"):
        assert ada.post(f"{service}/{action}", {}).json()["url"] == url["FunctionUrl"]
        queue.run_to_the_end()
    assert ada.get(service).json()["url"] == url["FunctionUrl"]


def test_a_rollback_is_live_after_one_look(
    ada: Client, queue: Queue, aws_engine: AwsEngine, cloud: Cloud
) -> None:
    engines.use(aws_engine)
    first = deploy(ada)
    queue.run_to_the_end()
    ada.post(f"/api/web-services/{service_of(ada, first)}/deployments", {})
    queue.run_to_the_end()
    cloud.seen.clear()
    back = ada.post(f"/v1/deployments/{first}/rollback").json()["id"]
    for _ in range(2):
        assert status(ada, back) != "live"
        queue.run_once()
    assert status(ada, back) == "live"
    assert not MAKING.intersection(cloud.seen)
    queue.run_to_the_end()
    assert ada.post(f"/api/web-services/{service_of(ada, back)}/restart").status == 200
    queue.run_to_the_end()
    assert "lambda.PublishVersion" in cloud.seen


def urls(ada: Client, deployment: str) -> set[str | None]:
    """Where a deployment and its service say that they answer."""
    service = ada.get(f"/api/web-services/{service_of(ada, deployment)}").json()
    return {ada.get(f"/v1/deployments/{deployment}").json()["url"], service["url"]}


def test_a_worker_is_refused(ada: Client, aws_engine: AwsEngine) -> None:
    engines.use(aws_engine)
    for project_type, status_code in (("worker", 400), ("static_site", 201), ("web_service", 201)):
        body = {"name": project_type.replace("_", "-"), "project_type": project_type}
        assert ada.post("/api/web-services", body).status == status_code


def test_a_stop_and_a_start(ada: Client, queue: Queue, aws_engine: AwsEngine, cloud: Cloud) -> None:
    engines.use(aws_engine)
    deployment = deploy(ada)
    queue.run_to_the_end()
    path = f"/api/web-services/{service_of(ada, deployment)}"
    for action, end in (("stop", "stopped"), ("start", "running"), ("restart", "running")):
        assert ada.post(f"{path}/{action}").status == 200
        queue.run_to_the_end()
        assert service_status(ada, deployment) == end
    assert ada.get(f"{path}/metrics").json()["memory_bytes"] in {None, 0}
    assert ada.get(f"{path}/logs").status == 200


def hear_of(job_id: str) -> None:
    """Hand CodeBuild's event to the function that EventBridge calls."""
    make_due()
    app.hear_of_builds(told_of(job_id), None)


def told_of(job_id: str) -> dict[str, object]:
    """CodeBuild's event of a job's build."""
    return {
        "version": "0",
        "id": "1",
        "detail-type": "CodeBuild Build State Change",
        "source": "aws.codebuild",
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": event(settings().build_project, job_id),
    }
