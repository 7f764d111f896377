"""What policies allow: the evaluator, and what it says of the role that users' apps have."""

import pytest

import app
from deploy import template

from .conftest import NAME
from .iam import Need, Statement, allows
from .resolved import HERE, Resolver

TEMPLATE = template.make(app.app)
READ = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}
NEVER = {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/own?"]}
TAGGED = {**READ, "Condition": {"StringEquals": {"aws:ResourceTag/a": "1"}}}
OWN_CODE = (("lambda:SourceFunctionArn", f"arn:aws:lambda:{HERE}:function:{NAME}-app-svc_1"),)


def _apps() -> list[Statement]:
    """What an app's role may do: it has what its boundary has."""
    resources = Resolver(TEMPLATE, NAME).resolved(TEMPLATE["Resources"])
    role = resources["AppRole"]["Properties"]
    assert role["ManagedPolicyArns"] == [role["PermissionsBoundary"]] == ["AppBoundary"]
    assert "Policies" not in role
    found: list[Statement] = resources["AppBoundary"]["Properties"]["PolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize(
    ("statements", "place", "is_allowed"),
    [
        ([], "b/k", False),
        ([READ], "b/k", True),
        ([READ], "c/k", False),
        ([READ, NEVER], "b/own1", False),
        ([READ, NEVER], "b/own12", True),
        ([TAGGED], "b/k", False),
    ],
)
def test_what_is_allowed(statements: list[Statement], place: str, is_allowed: bool) -> None:
    assert allows(statements, Need("s3:GetObject", f"arn:aws:s3:::{place}")) == is_allowed


def test_a_condition_holds_for_its_value_only() -> None:
    for value, is_allowed in (("1", True), ("2", False)):
        tagged = (("aws:ResourceTag/a", value),)
        assert allows([TAGGED], Need("s3:GetObject", "arn:aws:s3:::b/k", tagged)) == is_allowed


def test_lambda_may_join_an_app_to_the_network_but_the_app_may_not() -> None:
    """Lambda names the function in what its code asks, and in what it logs for it, only."""
    interface = Need("ec2:CreateNetworkInterface", "arn:aws:ec2:us-east-1:1:network-interface/*")
    assert allows(_apps(), interface)
    assert not allows(_apps(), interface._replace(circumstances=OWN_CODE))


@pytest.mark.parametrize(("name", "is_allowed"), [(f"{NAME}-app-svc_1", True), (NAME, False)])
def test_an_app_s_log_is_written_and_the_platform_s_is_not(name: str, is_allowed: bool) -> None:
    stream = f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{name}:log-stream:one"
    assert allows(_apps(), Need("logs:PutLogEvents", stream, OWN_CODE)) == is_allowed


@pytest.mark.parametrize(
    "action", ["dynamodb:GetItem", "kms:Decrypt", "lambda:InvokeFunction", "s3:GetObject"]
)
def test_an_app_may_nothing_else(action: str) -> None:
    assert not allows(_apps(), Need(action, "arn:aws:any", OWN_CODE))
