"""The main job on the deployed stack: build, serve, roll back, stop, start, delete."""

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from chalicelib import aws, ids
from tests.client import Client, Queue, make_client
from tests.deployments.test_rollout import URL
from tests.engines.aws.cloud import Cloud, digest, keys, zipped
from tests.engines.aws.test_deployment import hear_of, told_of

from .conftest import NAME, Operator
from .installation import installed
from .resolved import HERE
from .rights import watched

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")
BUILDS = f"{NAME}-builds"
APPS = f"{NAME}-app-"
PHASES = {"install", "pre_build", "build"}
TOLD = {"ORBITRA_ORDER_URL", "ORBITRA_BUILDER_URL", "ORBITRA_JOB_ID"}


def test_the_main_job(operator: Operator) -> None:
    operator.deploy()
    with installed() as cloud, watched() as walk:
        ada, jobs = make_client().register("ada@example.com"), Queue()
        service = _made(ada, "svc", "/api/web-services", name="shop", git_repository_url=URL)
        path, app = f"/api/web-services/{service}", f"{APPS}{service}"

        first = _made(ada, "dep", f"{path}/deployments")
        _resumed_by_its_event(cloud, jobs, first)
        assert ada.get(path).json()["status"] == "running"
        assert _live(app)["CodeSha256"] == digest(zipped(first))
        url = aws.client("lambda").get_function_url_config(FunctionName=app, Qualifier="live")
        assert url["AuthType"] == "NONE"

        second = _made(ada, "dep", f"{path}/deployments")
        jobs.run_to_the_end()
        assert _live(app)["CodeSha256"] == digest(zipped(second))
        assert ada.post(f"/v1/deployments/{first}/rollback").status == 201
        jobs.run_to_the_end()
        assert _live(app)["CodeSha256"] == digest(zipped(first))

        for action, reserved in (("stop", 0), ("start", None)):
            assert ada.post(f"{path}/{action}").status == 200
            jobs.run_to_the_end()
            assert _reserved(app) == reserved

        assert ada.delete(path).status == 204
        jobs.run_to_the_end()
        assert ada.get(path).status == 404
        assert _left(app) == []
        assert (jobs.dead(), walk.refused()) == ([], [])


def _made(ada: Client, prefix: str, path: str, **body: str) -> str:
    """The id, as engines know it, of what is made by a POST."""
    made = ada.post(path, body)
    assert made.status == 201, made.text
    return ids.parse(prefix, made.json()["id"])


def _resumed_by_its_event(cloud: Cloud, jobs: Queue, deployment: str) -> None:
    """CodeBuild is told what to do; what it tells at its end brings the deployment on."""
    for _ in range(3):
        jobs.run_once()
    (sent,) = cloud.of("codebuild.StartBuild")
    variables = {one["name"]: one["value"] for one in sent["environmentVariablesOverride"]}
    assert (sent["projectName"], sent["sourceTypeOverride"]) == (BUILDS, "NO_SOURCE")
    assert list(json.loads(sent["buildspecOverride"])["phases"]) == [
        "install",
        "pre_build",
        "build",
    ]
    assert variables.keys() == TOLD
    jobs.receive()
    assert jobs.run_once() == 0
    cloud.looks[f"{BUILDS}:{deployment}"] = 3
    assert _is_led_to_built(told_of(variables["ORBITRA_JOB_ID"]))
    hear_of(variables["ORBITRA_JOB_ID"])
    assert jobs.run_once() == 1
    jobs.run_to_the_end()


def _is_led_to_built(event: Any) -> bool:
    """Whether the rule that calls the function takes the event."""
    events, function = aws.client("events"), f"arn:aws:lambda:{HERE}:function:{NAME}-built"
    (name,) = events.list_rule_names_by_target(TargetArn=function)["RuleNames"]
    pattern = events.describe_rule(Name=name)["EventPattern"]
    return bool(EventPattern.load(pattern).matches_event(event))


def _live(app: str) -> dict[str, Any]:
    """The version that traffic goes to."""
    found = aws.client("lambda").get_function_configuration(FunctionName=app, Qualifier="live")
    return dict(found)


def _reserved(app: str) -> int | None:
    found = aws.client("lambda").get_function_concurrency(FunctionName=app)
    value = found.get("ReservedConcurrentExecutions")
    return None if value is None else int(value)


def _left(app: str) -> list[object]:
    functions = aws.client("lambda").list_functions()["Functions"]
    layers = aws.client("lambda").list_layer_versions(LayerName=app)["LayerVersions"]
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{APPS}")
    return [
        *(one for one in functions if one["FunctionName"].startswith(APPS)),
        *layers,
        *groups["logGroups"],
        *(key for key in keys() if not key.startswith("builder/")),
    ]
