"""A deploy, by the operator's own code path, into moto."""

import json
from typing import Any

import pytest

from chalicelib.accounts import password_reset
from deploy import DeployError, leftovers, new_password
from deploy.account import Account
from tests.client import make_client

from .cloud import Answer, Answering, answered, refused
from .conftest import NAME, Operator

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")
APP = f"{NAME}-app-svc_one"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
APP_LOG = f"/aws/lambda/{APP}"
TABLES = {f"{NAME}-{name}" for name in ("accounts", "workspaces", "resources", "claims", "jobs")}


def client(service: str) -> Any:
    return Account("us-east-1").client(service)


def _resources() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("cloudformation").list_stack_resources(StackName=NAME)[
        "StackResourceSummaries"
    ]
    return [{k: one[k] for k in ("LogicalResourceId", "PhysicalResourceId")} for one in found]


def _tables() -> set[str]:
    return {one for one in client("dynamodb").list_tables()["TableNames"] if NAME in one}


def _configuration(function: str) -> dict[str, Any]:
    found: dict[str, Any] = client("lambda").get_function_configuration(
        FunctionName=f"{NAME}-{function}"
    )
    return found


def test_the_operator_gets_an_address_and_a_key_that_opens(operator: Operator) -> None:
    operator.deploy()
    said = "\n".join(operator.said)
    assert f"execute-api.us-east-1.amazonaws.com/{NAME.partition('-')[2]} answers" in said
    key = said.partition("admin key ")[2].split()[0]
    assert make_client().bearer(key).get("/v1/users/me").status == 200
    assert any("CREATE_COMPLETE" in line for line in operator.said)


def test_tables_and_buckets(operator: Operator) -> None:
    operator.deploy()
    account = Account("us-east-1")
    names = {one["Name"] for one in client("s3").list_buckets()["Buckets"]}
    assert _tables() == TABLES
    assert names >= {account.bucket, f"{NAME}-artifacts-{account.id}-us-east-1"}
    asked = client("s3").get_public_access_block(Bucket=account.bucket)
    assert all(asked["PublicAccessBlockConfiguration"].values())


def test_the_queue_hands_what_failed_to_the_dead_letters(operator: Operator) -> None:
    operator.deploy()
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=f"{NAME}-jobs")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":{NAME}-jobs-dead-letters")
    timeout = _configuration("work")["Timeout"]
    assert int(attributes["VisibilityTimeout"]) >= 6 * timeout  # as Lambda's documentation asks


def test_functions(operator: Operator) -> None:
    operator.deploy()
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


def test_events_reach_the_functions(operator: Operator) -> None:
    operator.deploy()
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


def test_users_code_has_a_role_with_a_boundary(operator: Operator) -> None:
    operator.deploy()
    [name] = [
        one["PhysicalResourceId"] for one in _resources() if one["LogicalResourceId"] == "AppRole"
    ]
    role = client("iam").get_role(RoleName=name)["Role"]
    boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert f"{NAME}-AppBoundary" in boundary


def test_a_second_deploy_changes_nothing(operator: Operator) -> None:
    operator.deploy()
    before = _resources()
    assert operator.diff()[1:] == ["Nothing would change"]
    operator.deploy()
    assert operator.said[1] == "Nothing has changed"
    assert operator.said[-1].startswith("operator@example.com is registered; make key STAGE=trial")
    assert _resources() == before


def test_diff_before_the_first_deploy_leaves_no_stack(operator: Operator) -> None:
    assert any(line.startswith("Add     ApiFunction") for line in operator.diff())
    names = [one["StackName"] for one in client("cloudformation").describe_stacks()["Stacks"]]
    assert NAME not in names


def test_an_operator_without_a_password_gets_another(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(_: Account, function: str, email: str, password: str) -> None:
        assert function == f"{NAME}-api"
        password_reset.reset(email, password)

    operator.deploy()
    first = "\n".join(operator.said).partition("admin key ")[2].split()[0]
    monkeypatch.setattr(new_password, "give", give)
    operator.key()
    password, key = (line.split()[-1] for line in "\n".join(operator.said).splitlines()[1:])
    assert make_client().bearer(key).get("/v1/users/me").json()["email"] == "operator@example.com"
    assert make_client().bearer(first).get("/v1/users/me").status == 200
    known = {"email": "operator@example.com", "password": password}
    assert make_client().post("/api/auth/login", known).status == 200


def test_what_destroy_names_as_kept_is_removed_later(operator: Operator) -> None:
    operator.deploy()
    _make_an_app()
    operator.destroy()
    told = "\n".join(operator.said)
    assert {line.strip() for line in operator.said} >= {f"table {name}" for name in TABLES}
    assert "DATA=yes" in told
    assert "gone with the stack: 1." in told
    operator.destroy(data=True)
    assert {f"Removed the table {NAME}-jobs", f"Removed the app {APP}"} <= set(operator.said)
    assert _tables() == set()
    with pytest.raises(DeployError, match=f"There is nothing of {NAME} in us-east-1"):
        operator.destroy()


def test_destroy_with_data_leaves_nothing(operator: Operator) -> None:
    operator.deploy()
    _make_an_app()
    bucket = f"{NAME}-artifacts-{Account('us-east-1').id}-us-east-1"
    client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        client("s3").put_object(Bucket=bucket, Key="builder/one.zip", Body=b"")
    operator.destroy(data=True)
    assert _tables() == set()
    functions = client("lambda").list_functions()["Functions"]
    assert not [one for one in functions if one["FunctionName"].startswith(NAME)]
    assert not [one for one in client("s3").list_buckets()["Buckets"] if NAME in one["Name"]]
    assert client("lambda").list_layers()["Layers"] == []
    assert client("ecr").describe_repositories()["repositories"] == []
    assert client("logs").describe_log_groups(logGroupNamePrefix=APP_LOG)["logGroups"] == []


def test_a_key_is_found_by_its_tag_and_dropped_once() -> None:
    def answer(call: str) -> Answer:
        if call == "GetResources":
            return answered({"ResourceTagMappingList": [{"ResourceARN": KEY}]})
        return refused("KMSInvalidStateException")  # it is being dropped already

    account = Answering(answer)
    [key] = leftovers._keys(account, NAME)
    leftovers.remove(account, leftovers.Left("key", key))
    assert account.calls == ["GetResources", "ScheduleKeyDeletion"]


def _make_an_app() -> None:
    """What the engine makes of an app."""
    functions, code = client("lambda"), {"ZipFile": b"code"}
    role = client("iam").list_roles()["Roles"][0]["Arn"]
    functions.create_function(
        FunctionName=APP, Runtime="python3.13", Handler="start", Role=role, Code=code
    )
    functions.publish_layer_version(LayerName=APP, Content=code)
    client("ecr").create_repository(repositoryName=APP)
    client("logs").create_log_group(logGroupName=APP_LOG)
