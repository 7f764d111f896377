"""Builds in CodeBuild: what is sent, how far they are, why they fail."""

import json
from typing import Any

import pytest

from chalicelib import aws
from chalicelib.engines.aws import events
from chalicelib.engines.aws.engine import AwsEngine
from chalicelib.engines.base import Stage
from tests.engines.aws.cloud import BUCKET, PROJECT, Cloud, keys
from tests.engines.aws.life import SERVICE, build, build_of, walk


def test_it_shows_how_far_it_is(aws_engine: AwsEngine, cloud: Cloud) -> None:
    stages = [each.stage for each in walk(lambda: aws_engine.build(build_of("dep_1")))]
    assert stages == [Stage.CLONING, Stage.CLONING, Stage.CLONING, Stage.BUILDING, Stage.BUILT]
    assert len(cloud.of("codebuild.StartBuild")) == 1


def test_a_queued_build_says_so(aws_engine: AwsEngine, cloud: Cloud) -> None:
    assert aws_engine.build_log("dep_1") == ""
    aws_engine.build(build_of("dep_1"))
    assert aws_engine.build_log("dep_1").endswith("Z ==> Queued: waiting for a builder\n")


def test_nothing_secret_is_in_what_codebuild_shows(aws_engine: AwsEngine, cloud: Cloud) -> None:
    aws_engine.build(build_of("dep_1"))
    (sent,) = cloud.of("codebuild.StartBuild")
    assert "secret" not in json.dumps(sent)
    variables = {each["name"]: each["value"] for each in sent["environmentVariablesOverride"]}
    assert set(variables) == {"ORBITRA_ORDER_URL", "ORBITRA_BUILDER_URL", "ORBITRA_JOB_ID"}
    assert "X-Amz-Signature" in variables["ORBITRA_ORDER_URL"]
    assert sent["sourceTypeOverride"] == "NO_SOURCE"
    phases = json.loads(sent["buildspecOverride"])["phases"]
    assert list(phases) == ["install", "pre_build", "build"]


def test_the_order_is_encrypted_with_our_key(aws_engine: AwsEngine, cloud: Cloud) -> None:
    aws_engine.build(build_of("dep_1"))
    orders = [each for each in cloud.of("s3.PutObject") if each["Key"].endswith("order.json")]
    assert orders
    assert all(each["ServerSideEncryption"] == "aws:kms" for each in orders)


def test_it_succeeds_with_the_commit(aws_engine: AwsEngine, cloud: Cloud) -> None:
    found = build(aws_engine, "dep_1")
    assert (found.stage, found.commit) == (Stage.BUILT, "c" * 40)


def test_what_the_builder_says_is_handed_on(aws_engine: AwsEngine, cloud: Cloud) -> None:
    said = {"failure": "The repository x is empty; push a branch to it.", "phase": "clone"}
    cloud.outcome = {"status": "FAILED", "result": said}
    found = build(aws_engine, "dep_1")
    assert (found.stage, found.message, found.phase) == (Stage.FAILED, said["failure"], "clone")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("TIMED_OUT", "The build took longer than 20 minutes"),
        ("FAULT", "through no fault of the app"),
        ("STOPPED", "was cancelled"),
    ],
)
def test_codebuild_gave_up(aws_engine: AwsEngine, cloud: Cloud, status: str, said: str) -> None:
    cloud.outcome = {"status": status, "silent": True}
    found = build(aws_engine, "dep_1")
    assert found.stage is Stage.FAILED
    assert said in (found.message or "")


def test_a_build_that_was_killed_shows_its_last_lines(aws_engine: AwsEngine, cloud: Cloud) -> None:
    cloud.outcome = {"status": "FAILED", "silent": True}
    write_log("dep_1", "[Container] 2026/11/21 Running\n", "Collecting torch\n", "Killed\n")
    found = build(aws_engine, "dep_1")
    assert (found.message or "").endswith("Its last output:\nCollecting torch\nKilled")
    assert "[Container]" not in aws_engine.build_log("dep_1")


def test_cancel_stops_it_and_a_late_call_begins_no_other(
    aws_engine: AwsEngine, cloud: Cloud
) -> None:
    aws_engine.build(build_of("dep_1"))
    aws_engine.cancel("dep_1")
    aws_engine.cancel("dep_1")
    assert cloud.ends == {f"{PROJECT}:dep_1": "STOPPED"}
    found = aws_engine.build(build_of("dep_1"))
    assert (found.stage, found.message) == (Stage.FAILED, "The deployment was cancelled.")
    assert not [key for key in keys() if key.endswith("order.json")]
    assert len(cloud.of("codebuild.StartBuild")) == 1


def test_cancel_of_what_never_began(aws_engine: AwsEngine, cloud: Cloud) -> None:
    aws_engine.cancel("dep_1")
    aws_engine.cancel_release("dep_1-1")
    assert keys() == []


def test_the_builder_is_shipped_once(aws_engine: AwsEngine, cloud: Cloud) -> None:
    for name in ("dep_1", "dep_2"):
        aws_engine.build(build_of(name))
    (place,) = [key for key in keys() if key.startswith("builder/")]
    puts = [each for each in cloud.of("s3.PutObject") if each["Key"] == place]
    assert len(puts) == 1


def test_an_event_of_another_project_wakes_nobody(
    aws_engine: AwsEngine, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr("chalicelib.jobs.wake", woken.append)
    events.on_build(event("other", "job_1"))
    assert woken == []
    events.on_build(event(PROJECT, "job_1"))
    assert woken == ["job_1"]


def event(project: str, job_id: str) -> dict[str, Any]:
    variables = [{"name": "ORBITRA_JOB_ID", "value": job_id, "type": "PLAINTEXT"}]
    return {
        "build-status": "SUCCEEDED",
        "project-name": project,
        "build-id": f"arn:aws:codebuild:us-east-1:123456789012:build/{project}:1",
        "additional-information": {"environment": {"environment-variables": variables}},
    }


def write_log(stream: str, *lines: str) -> None:
    logs = aws.client("logs")
    where = {"logGroupName": "/aws/codebuild/x", "logStreamName": stream}
    logs.create_log_group(logGroupName=where["logGroupName"])
    logs.create_log_stream(**where)
    at = 1_795_000_000_000
    logs.put_log_events(**where, logEvents=[{"timestamp": at, "message": each} for each in lines])


def test_a_bucket_of_another_name_is_not_used(aws_engine: AwsEngine, cloud: Cloud) -> None:
    build(aws_engine, "dep_1")
    used = {each["Bucket"] for name, each in cloud.asked if name.startswith("s3.")}
    assert used == {BUCKET}
    assert f"services/{SERVICE}/dep_1/artifact.zip" in keys()
