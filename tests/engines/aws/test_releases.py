"""Releases on Lambda: how they start, where traffic goes, what is kept."""

import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends
from time_machine import Traveller

from chalicelib import aws
from chalicelib.engines.aws import layers, versions
from chalicelib.engines.aws.engine import AwsEngine
from chalicelib.engines.base import Stage
from tests.engines.aws.cloud import Cloud, digest, refusing, zipped
from tests.engines.aws.life import SERVICE, build, release_of, roll, start, until_done

NAME = f"orbitra-local-app-{SERVICE}"
MAKING = {
    "lambda.UpdateFunctionCode",
    "lambda.PublishLayerVersion",
    "lambda.UpdateFunctionConfiguration",
    "lambda.PublishVersion",
}


@pytest.fixture(autouse=True)
def _built(aws_engine: AwsEngine) -> None:
    for name in ("dep_1", "dep_2"):
        build(aws_engine, name)


def live_version() -> dict[str, Any]:
    found = aws.client("lambda").get_function(FunctionName=NAME, Qualifier="live")
    return dict(found["Configuration"])


def reserved() -> int | None:
    found = lambda_backends["123456789012"]["us-east-1"].get_function(NAME)
    value = found.reserved_concurrency
    return None if value is None else int(value)


def test_what_a_function_is_made_with(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    (made,) = cloud.of("lambda.CreateFunction")
    assert made["Architectures"] == ["arm64"]
    assert made["Runtime"] == "python3.13"
    assert made["MemorySize"] == 1024
    assert "VpcConfig" not in made  # nothing that it connects to is in the network
    assert made["Environment"]["Variables"] == {
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/orbitra/start",
        "AWS_LWA_PORT": "8080",
        "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
    }
    assert live_version()["CodeSha256"] == digest(zipped("dep_1"))


def test_the_url_is_open_by_both_permissions(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    (url,) = cloud.of("lambda.CreateFunctionUrlConfig")
    assert url == {"FunctionName": NAME, "Qualifier": "live", "AuthType": "NONE"}
    by_url, by_invocation = cloud.of("lambda.AddPermission")
    assert by_url["Action"] == "lambda:InvokeFunctionUrl"
    assert by_url["FunctionUrlAuthType"] == "NONE"
    assert by_invocation["Action"] == "lambda:InvokeFunction"
    assert by_invocation["InvokedViaFunctionUrl"] is True
    assert {each["Qualifier"] for each in (by_url, by_invocation)} == {"live"}


def test_the_url_stays(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    first = aws_engine.switch(SERVICE, "dep_1-1", "shop")
    assert first
    assert first.startswith("https://")
    roll(aws_engine, "dep_2-1", "dep_2")
    aws_engine.retire(SERVICE, None)
    roll(aws_engine, "dep_2-2", "dep_2")
    assert aws_engine.switch(SERVICE, "dep_2-2", "other") == first


def test_a_rollback_moves_the_alias(aws_engine: AwsEngine, cloud: Cloud) -> None:
    for name in ("dep_1", "dep_2"):
        roll(aws_engine, f"{name}-1", name)
        assert live_version()["CodeSha256"] == digest(zipped(name))
    cloud.seen.clear()
    roll(aws_engine, "dep_3-1", "dep_1", repeats="dep_1-1")
    assert live_version()["Description"] == "dep_1-1"
    assert all(each["RevisionId"] for each in cloud.of("lambda.UpdateAlias"))
    assert not MAKING.intersection(cloud.seen)
    roll(aws_engine, "dep_4-1", "dep_2", repeats="dep_2-1")
    roll(aws_engine, "dep_5-1", "dep_1", repeats="dep_3-1")
    assert live_version()["Description"] == "dep_1-1"
    assert not MAKING.intersection(cloud.seen)


def test_a_rollback_to_what_is_no_longer_kept(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_3-1", "dep_1", repeats="dep_1-1")
    assert live_version()["CodeSha256"] == digest(zipped("dep_1"))
    assert live_version()["Description"] == "dep_3-1"


def test_a_restart_makes_a_version_of_its_own(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    roll(aws_engine, "dep_3-1", "dep_1", repeats="dep_1-1")
    roll(aws_engine, "dep_3-2", "dep_1")
    assert live_version()["Description"] == "dep_3-2"
    assert [each.release_id for each in versions.of(SERVICE)] == ["dep_1-1", "dep_3-2"]


def test_what_a_rollback_shares_outlives_it(aws_engine: AwsEngine, cloud: Cloud) -> None:
    for name in ("dep_1", "dep_2"):
        roll(aws_engine, f"{name}-1", name)
    assert start(aws_engine, "dep_3-1", "dep_1", repeats="dep_1-1").stage is Stage.HEALTHY
    aws_engine.cancel_release("dep_3-1")
    roll(aws_engine, "dep_4-1", "dep_1", repeats="dep_1-1")
    for name in ("dep_1-1", "dep_4-1"):
        aws_engine.cancel_release(name)
    assert live_version()["Description"] == "dep_1-1"
    assert [each.release_id for each in versions.of(SERVICE)] == ["dep_1-1", "dep_2-1"]


def test_a_version_of_long_ago_has_its_time_to_answer_again(
    aws_engine: AwsEngine, cloud: Cloud, clock: Traveller
) -> None:
    for name in ("dep_1", "dep_2"):
        roll(aws_engine, f"{name}-1", name)
    clock.shift(3600)
    cloud.answer = {"statusCode": 503}
    again = replace(release_of("dep_3-1", "dep_1"), repeats="dep_1-1", health_check_path="/up")
    assert aws_engine.start(again).stage is Stage.STARTING
    clock.shift(121)
    assert aws_engine.start(again).stage is Stage.FAILED


def test_a_stopped_service_stays_stopped_when_its_rollback_fails(
    aws_engine: AwsEngine, cloud: Cloud
) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    aws_engine.retire(SERVICE, None)
    cloud.crash = "Runtime exited with error: exit status 1"
    assert start(aws_engine, "dep_3-1", "dep_1", repeats="dep_1-1").stage is Stage.FAILED
    aws_engine.cancel_release("dep_3-1")
    assert reserved() == 0
    assert [each.release_id for each in versions.of(SERVICE)] == ["dep_1-1"]


def test_nothing_moves_before_the_switch(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    assert start(aws_engine, "dep_2-1", "dep_2").stage is Stage.HEALTHY
    assert live_version()["Description"] == "dep_1-1"
    aws_engine.cancel_release("dep_2-1")
    assert [each.release_id for each in versions.of(SERVICE)] == ["dep_1-1"]
    assert live_version()["Description"] == "dep_1-1"


def test_stop_and_start(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_1-1", "dep_1", sleeps=False, instances=2, max_instances=3)
    assert (reserved(), cloud.warm) == (3, {NAME: 2})
    aws_engine.retire(SERVICE, None)
    assert (reserved(), cloud.warm) == (0, {})
    roll(aws_engine, "dep_1-2", "dep_1", sleeps=True, max_instances=4)
    assert (reserved(), cloud.warm) == (4, {})


def test_a_stopped_service_stays_stopped_when_its_start_fails(
    aws_engine: AwsEngine, cloud: Cloud
) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    aws_engine.retire(SERVICE, None)
    cloud.crash = "Runtime exited with error: exit status 1"
    assert start(aws_engine, "dep_1-2", "dep_1").stage is Stage.FAILED
    aws_engine.cancel_release("dep_1-2")
    assert reserved() == 0


def test_what_traffic_goes_to_is_not_cancelled(aws_engine: AwsEngine, cloud: Cloud) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    aws_engine.cancel_release("dep_1-1")
    assert live_version()["Description"] == "dep_1-1"


def test_ten_versions_are_kept(aws_engine: AwsEngine, cloud: Cloud) -> None:
    for number in range(1, 13):
        roll(aws_engine, f"dep_1-{number}", "dep_1")
    kept = [each.release_id for each in versions.of(SERVICE)]
    assert kept == [f"dep_1-{number}" for number in range(3, 13)]
    roll(aws_engine, "dep_3-1", "dep_1", repeats="dep_1-3")
    start(aws_engine, "dep_1-13", "dep_1")
    until_done(lambda: aws_engine.retire(SERVICE, "dep_3-1"))
    assert versions.of(SERVICE)[0].release_id == "dep_1-3"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("Runtime exited with error: exit status 1", "The app ended with exit code 1."),
        ("Runtime exited with error: signal: killed", "The app ended with signal SIGKILL"),
        ("Runtime exited without providing a reason", "The app ended with exit code 0."),
        ("Runtime.OutOfMemory", "The app could not be started: Runtime.OutOfMemory."),
        ("2026-11-21 Task timed out after 60.00 seconds", "The app did not listen on a port"),
    ],
)
def test_an_app_that_crashes(aws_engine: AwsEngine, cloud: Cloud, error: str, said: str) -> None:
    cloud.crash = error
    found = start(aws_engine, "dep_1-1", "dep_1")
    assert (found.stage, found.phase) == (Stage.FAILED, "health_check")
    assert (found.message or "").startswith(said)


def test_an_app_that_never_answers_as_it_should(
    aws_engine: AwsEngine, cloud: Cloud, clock: Traveller
) -> None:
    cloud.answer = {"statusCode": 404}
    release = replace(release_of("dep_1-1", "dep_1"), health_check_path="/up?x=1")
    for _ in range(4):
        assert aws_engine.start(release).stage is Stage.STARTING
    clock.shift(121)
    found = aws_engine.start(release)
    assert found.stage is Stage.FAILED
    assert "/up?x=1 did not answer 200 within 120 seconds; its last answer was 404." in (
        found.message or ""
    )


def test_without_a_path_any_answer_will_do(aws_engine: AwsEngine, cloud: Cloud) -> None:
    cloud.answer = {"statusCode": 404}
    assert start(aws_engine, "dep_1-1", "dep_1").stage is Stage.HEALTHY


def test_an_artifact_that_is_gone(aws_engine: AwsEngine, cloud: Cloud) -> None:
    aws_engine.cancel("dep_1")
    found = start(aws_engine, "dep_1-1", "dep_1")
    assert found.message == "The build of this deployment is no longer kept; deploy it again."


def test_an_artifact_that_is_too_large(aws_engine: AwsEngine, cloud: Cloud) -> None:
    def refuse(operation: str, exchange: Any) -> Any:
        said = refusing("InvalidParameterValueException")
        try:
            said(operation, exchange)
        except Exception as error:
            error.response["Error"]["Message"] = (  # type: ignore[attr-defined]
                "Unzipped size must be smaller than 262144000 bytes"
            )
            raise

    cloud.faults["lambda.CreateFunction"] = refuse
    assert "250 MiB" in (aws_engine.start(release_of("dep_1-1", "dep_1")).message or "")


def test_a_pre_deploy_command_that_fails(aws_engine: AwsEngine, cloud: Cloud) -> None:
    cloud.outcome = {"status": "FAILED", "result": {"failure": "It ended.", "phase": "build"}}
    found = start(aws_engine, "dep_1-1", "dep_1", pre_deploy_command="false")
    assert (found.stage, found.phase, found.message) == (Stage.FAILED, "pre_deploy", "It ended.")
    assert cloud.of("lambda.CreateFunction") == []


def test_the_start_script_hands_every_variable_on() -> None:
    odd = {"QUOTE": 'it\'s "so"', "LINES": "a\nb", "DOLLAR": "$HOME `id`", "EMPTY": "", "PORT": "1"}
    release = replace(release_of("dep_1-1", "dep_1"), environment=odd)
    script = layers.script(release, "env -0")
    script = script.replace("cd /var/task ", "cd / ")
    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout
    found = dict(each.split("=", 1) for each in said.decode().split("\0") if each)
    assert {name: found[name] for name in odd} == {**odd, "PORT": "8080"}


def test_logs_without_what_lambda_says(
    aws_engine: AwsEngine, cloud: Cloud, clock: Traveller
) -> None:
    roll(aws_engine, "dep_1-1", "dep_1")
    logs = aws.client("logs")
    where = {"logGroupName": f"/aws/lambda/{NAME}", "logStreamName": "2026/[1]abc"}
    logs.create_log_stream(**where)
    said = ["START RequestId: 1", "one\n", "two\n", "REPORT RequestId: 1"]
    at = int(time.time() * 1000)
    logs.put_log_events(**where, logEvents=[{"timestamp": at, "message": each} for each in said])
    page = aws_engine.logs(SERVICE, 1, None)
    assert page.text.endswith("Z two\n")
    assert len(page.text.splitlines()) == 1
    assert page.container_id == where["logStreamName"]


def test_metrics_say_what_is_not_measured(aws_engine: AwsEngine, cloud: Cloud) -> None:
    metric = {
        "MetricName": "ConcurrentExecutions",
        "Dimensions": [{"Name": "FunctionName", "Value": NAME}],
        "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
        "Value": 3.0,
    }
    aws.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[metric])
    (sample,) = aws_engine.metrics(SERVICE, 3600)
    assert (sample.instances, sample.cpu_percent, sample.memory_bytes) == (3, None, None)
