"""The template: what cfn-lint says of it, and what no linter knows to ask."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import app
from chalicelib.engines.aws import repository
from deploy import functions, settings, template

TEMPLATE = template.make(app.app)
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]

ANY_RESOURCE = {
    "cloudwatch:GetMetricData": "CloudWatch takes no resource for it",
    "ecr:GetAuthorizationToken": "ECR takes no resource for it",
    "lambda:ListLayerVersions": "Lambda takes no resource for it",
    "ec2:AssignPrivateIpAddresses": "Lambda must be let do it anywhere to join a network",
    "ec2:CreateNetworkInterface": "the same",
    "ec2:DeleteNetworkInterface": "the same",
    "ec2:DescribeNetworkInterfaces": "the same; EC2 takes no resource for it",
    "ec2:DescribeSubnets": "the same; EC2 takes no resource for it",
    "ec2:UnassignPrivateIpAddresses": "the same",
}


def _of_type(kind: str) -> dict[str, Any]:
    return {name: one for name, one in RESOURCES.items() if one["Type"] == f"AWS::{kind}"}


def _properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def _allowed() -> Iterator[tuple[str, list[str], list[Any], Any]]:
    """(where, actions, resources, condition) of everything that any policy allows."""
    documents = [
        (name, policy["PolicyDocument"])
        for name, role in _of_type("IAM::Role").items()
        for policy in role["Properties"].get("Policies", [])
    ]
    managed = _of_type("IAM::ManagedPolicy").items()
    documents += [(name, policy["Properties"]["PolicyDocument"]) for name, policy in managed]
    for name, document in documents:
        for one in document["Statement"]:
            if one["Effect"] == "Allow":
                yield name, _many(one["Action"]), _many(one["Resource"]), one.get("Condition")


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(resource: Any) -> str:
    return str(resource["Fn::Sub"]) if "Fn::Sub" in resource else json.dumps(resource)


def test_cfn_lint_has_nothing_to_say(tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(TEMPLATE))
    linter = Path(sys.executable).with_name("cfn-lint")
    command = [str(linter), "--include-checks", "I", "--", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_fits_into_what_cloudformation_takes() -> None:
    assert len(json.dumps(TEMPLATE, indent=1)) < 1_000_000
    assert len(RESOURCES) < 500


def test_no_action_has_a_wildcard() -> None:
    assert [
        where for where, actions, _, _ in _allowed() if any("*" in one for one in actions)
    ] == []


def test_any_resource_only_where_aws_takes_no_other() -> None:
    for where, actions, resources, _ in _allowed():
        if "*" in resources:
            assert set(actions) <= set(ANY_RESOURCE), where


def test_a_wildcard_in_a_resource_is_held_by_our_own_name_or_a_condition() -> None:
    for where, _, resources, condition in _allowed():
        wide = [_text(one) for one in resources if one != "*" and "*" in _text(one)]
        for one in wide:
            own = "${AWS::StackName}-app-*" in one or "${ArtifactsBucket.Arn}/" in one
            assert own or condition or ":layer:LambdaAdapterLayer" in one, (where, one)


def test_builds_can_write_their_log_and_nothing_else() -> None:
    found = [
        (actions, resources) for name, actions, resources, _ in _allowed() if name == "BuildRole"
    ]
    log = {"Fn::GetAtt": ["BuildLogs", "Arn"]}
    assert found == [(["logs:CreateLogStream", "logs:PutLogEvents"], [log])]
    assert "ManagedPolicyArns" not in _properties("BuildRole")
    projects = {name: one["Properties"] for name, one in _of_type("CodeBuild::Project").items()}
    roles = [one["ServiceRole"] for one in projects.values()]
    assert roles == [{"Fn::GetAtt": ["BuildRole", "Arn"]}] * 2
    privileged = {name for name, one in projects.items() if one["Environment"]["PrivilegedMode"]}
    assert privileged == {"ImageBuildProject"}


def test_only_the_worker_may_let_a_build_push_and_only_to_apps_repositories() -> None:
    assuming = [
        (where, resources)
        for where, actions, resources, _ in _allowed()
        if "sts:AssumeRole" in actions
    ]
    assert assuming == [("WorkRole", [{"Fn::GetAtt": ["ImagePushRole", "Arn"]}])]
    [trusted] = _properties("ImagePushRole")["AssumeRolePolicyDocument"]["Statement"]
    assert "role/${AWS::StackName}-WorkRole-*" in json.dumps(trusted["Condition"]["ArnLike"])
    for where, actions, resources, _ in _allowed():
        if any(one.startswith("ecr:") for one in actions) and "*" not in resources:
            assert where in {"ImagePushRole", "WorkRole"}
            assert [_text(one).partition(":repository/")[2] for one in resources] == [
                "${AWS::StackName}-app-*"
            ]


def test_the_builds_of_every_project_are_heard_of() -> None:
    projects = [{"Ref": name} for name in _of_type("CodeBuild::Project")]
    assert _properties("BuiltRule")["EventPattern"]["detail"]["project-name"] == projects


def test_a_build_is_let_do_what_its_login_may_ask_for() -> None:
    [push] = [
        set(actions)
        for where, actions, _, _ in _allowed()
        if where == "ImagePushRole" and "ecr:PutImage" in actions
    ]
    assert push == {*repository.PUSH, *repository.PULL}


def test_only_the_worker_may_make_functions_and_only_with_the_apps_role() -> None:
    may = {where for where, actions, _, _ in _allowed() if "lambda:CreateFunction" in actions}
    passed = [
        (where, resources)
        for where, actions, resources, _ in _allowed()
        if "iam:PassRole" in actions
    ]
    assert may == {"WorkRole"}
    assert passed == [("WorkRole", [{"Fn::GetAtt": ["AppRole", "Arn"]}])]


def test_the_sweep_reads_no_secret() -> None:
    actions = {
        one for where, actions, _, _ in _allowed() if where == "SweepRole" for one in actions
    }
    assert not {one for one in actions if one.startswith(("kms:", "s3:", "ses:", "lambda:"))}


@pytest.mark.parametrize("handler", functions.handlers(app.app), ids=lambda one: one.name)
def test_every_handler_has_a_function_a_log_and_alarms(handler: functions.Handler) -> None:
    function, log = (_properties(f"{handler.logical}{what}") for what in ("Function", "Logs"))
    assert function["Handler"] == handler.entry
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert log["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for metric in functions.ALARMS:
        alarm = _properties(f"{handler.logical}{metric}Alarm")
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def test_environments_fit_into_what_lambda_takes() -> None:
    for function in _of_type("Lambda::Function").values():
        assert len(json.dumps(function["Properties"]["Environment"])) < 4096


def test_every_path_sends_every_method_to_the_function() -> None:
    paths = _properties("Api")["Body"]["paths"]
    assert set(paths) == set(app.app.routes)
    assert all(list(one) == ["x-amazon-apigateway-any-method"] for one in paths.values())


def test_what_api_gateway_refuses_reads_like_our_errors() -> None:
    for answer in _properties("Api")["Body"]["x-amazon-apigateway-gateway-responses"].values():
        body = json.loads(answer["responseTemplates"]["application/json"])
        assert body["error"]["status"] == int(answer["statusCode"])
        assert body["error"]["message"] == body["detail"]
        assert "gatewayresponse.header.X-Request-Id" in answer["responseParameters"]


def test_a_changed_api_is_deployed_anew() -> None:
    [name] = _of_type("ApiGateway::Deployment")
    assert _properties("ApiStage")["DeploymentId"] == {"Ref": name}
    other = template.make(app.app)
    assert set(other["Resources"]) == set(RESOURCES)


def test_the_bucket_of_artifacts_is_private() -> None:
    assert all(_properties("ArtifactsBucket")["PublicAccessBlockConfiguration"].values())
    [statement] = _properties("ArtifactsBucketPolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_holds_data_stays_when_the_stack_goes() -> None:
    for kind in ("DynamoDB::Table", "S3::Bucket", "KMS::Key"):
        for name, one in _of_type(kind).items():
            assert one["DeletionPolicy"] in {"Retain", "RetainExceptOnCreate"}, name
            assert one["UpdateReplacePolicy"] == "Retain", name


def test_what_stays_has_a_name_that_is_written_out() -> None:
    known = {"AWS::StackName": "orbitra-prod", "AWS::AccountId": "1", "AWS::Region": "us-east-1"}
    made = template.with_names(TEMPLATE, known | {"MailAddress": "a@example.com"})["Resources"]
    named = {name: one["Properties"] for name, one in made.items()}
    assert named["JobsTable"]["TableName"] == "orbitra-prod-jobs"
    assert named["ArtifactsBucket"]["BucketName"] == "orbitra-prod-artifacts-1-us-east-1"
    assert named["MailIdentity"]["EmailIdentity"] == "a@example.com"
    kept = {name for name, one in made.items() if one.get("DeletionPolicy", "")[:6] == "Retain"}
    unnamed = {name for name in kept if not set(named[name]) & set(template.NAMES)}
    assert unnamed == {"SecretsKey"}  # AWS names it; an earlier one is used by its tag


def test_the_longest_names_fit() -> None:
    known = {"AWS::StackName": f"orbitra-{'x' * 16}", "AWS::AccountId": "1" * 12}
    known |= {"AWS::Region": "ap-southeast-1", "MailAddress": ""}
    made = template.with_names(TEMPLATE, known)["Resources"]
    assert len(made["ArtifactsBucket"]["Properties"]["BucketName"]) <= 63


def test_workers_leave_functions_to_the_api() -> None:
    [source] = _of_type("Lambda::EventSourceMapping").values()
    assert 2 <= source["Properties"]["ScalingConfig"]["MaximumConcurrency"] < 10


def test_the_operator_hears_of_mail_that_failed() -> None:
    told = _properties("MailThatFailed")["EventDestination"]
    assert told["SnsDestination"] == {"TopicARN": {"Ref": "Alarms"}}
    [statement] = _properties("AlarmsPolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "ses.amazonaws.com"]}


def test_settings_are_checked_as_the_template_does() -> None:
    days = TEMPLATE["Parameters"]["LogRetentionDays"]["AllowedValues"]
    assert list(get_args(settings.Days)) == days


def test_the_network_has_a_free_way_out_and_no_way_in() -> None:
    assert _of_type("EC2::NatGateway") == _of_type("EC2::InternetGateway") == {}
    assert "SecurityGroupIngress" not in _properties("AppsSecurityGroup")
    out = _properties("RouteOut")
    assert out["EgressOnlyInternetGatewayId"] == {"Ref": "WayOut"}
