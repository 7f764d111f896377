"""What a deploy has made, as moto shows it."""

import json
from typing import Any

import pytest

from deploy.account import Account

from .conftest import NAME, TABLES, client, resources, tables

pytestmark = [
    pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning"),
    pytest.mark.usefixtures("deployed"),
]


def _configuration(function: str) -> dict[str, Any]:
    found: dict[str, Any] = client("lambda").get_function_configuration(
        FunctionName=f"{NAME}-{function}"
    )
    return found


def test_tables_and_buckets() -> None:
    account = Account("us-east-1")
    names = {one["Name"] for one in client("s3").list_buckets()["Buckets"]}
    assert tables() == TABLES
    assert names >= {account.bucket, f"{NAME}-artifacts-{account.id}-us-east-1"}
    asked = client("s3").get_public_access_block(Bucket=account.bucket)
    assert all(asked["PublicAccessBlockConfiguration"].values())


def test_the_queue_hands_what_failed_to_the_dead_letters() -> None:
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=f"{NAME}-jobs")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":{NAME}-jobs-dead-letters")
    timeout = _configuration("work")["Timeout"]
    assert int(attributes["VisibilityTimeout"]) >= 6 * timeout  # as Lambda's documentation asks


def test_functions() -> None:
    for function, handler, seconds in (
        ("api", "app.api", 29),
        ("work", "app.work", 60),
        ("sweep", "app.sweep_jobs", 50),
    ):
        made = _configuration(function)
        assert (made["Handler"], made["Timeout"], made["MemorySize"]) == (handler, seconds, 512)
        variables = made["Environment"]["Variables"]
        assert variables["ORBITRA_TABLE_PREFIX"] == f"{NAME}-"
        assert variables["ORBITRA_QUEUE_URL"].endswith(f"/{NAME}-jobs")
        assert variables["ORBITRA_PUBLIC_BASE_URL"].endswith("/trial")
        assert function.title() in made["Role"]


def test_events_reach_the_functions() -> None:
    [mapping] = client("lambda").list_event_source_mappings(FunctionName=f"{NAME}-work")[
        "EventSourceMappings"
    ]
    assert mapping["EventSourceArn"].endswith(f":{NAME}-jobs")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    events = client("events")
    rules = [one for one in events.list_rules()["Rules"] if one["Name"].startswith(NAME)]
    [timed] = [one for one in rules if one.get("ScheduleExpression") == "rate(1 minute)"]
    [built] = [one for one in rules if "aws.codebuild" in one.get("EventPattern", "")]
    for rule, function in ((timed, "sweep"), (built, "built")):
        [target] = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        assert target["Arn"].endswith(f":function:{NAME}-{function}")


def test_users_code_has_a_role_with_a_boundary() -> None:
    [name] = [
        one["PhysicalResourceId"] for one in resources() if one["LogicalResourceId"] == "AppRole"
    ]
    role = client("iam").get_role(RoleName=name)["Role"]
    boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert f"{NAME}-AppBoundary" in boundary
