"""What an operator is told when something keeps the deploy from going on."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)

from deploy import DeployError, commands, first_key, settings, watch
from deploy.__main__ import main
from deploy.account import Account
from deploy.first_key import smoke_test
from deploy.settings import StageSettings
from deploy.stack import HUSKS, Stack

from .cloud import Answering, Cloud, refused
from .conftest import CHOSEN, NAME, STAGE, Operator


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SECONDS", 0)
    monkeypatch.setattr(first_key, "PAUSE", 0)


def _deploy(cloud: Cloud, said: list[str] | None = None) -> bool:
    heard = said if said is not None else []
    return Stack(cloud, STAGE, heard.append).deploy("https://example.com/template.json", {})


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeStacks")


@pytest.mark.parametrize("stage", ["Prod", "my-stage", "2nd", "api", "", "x" * 17, "a b"])
def test_a_stage_name_that_will_not_do(stage: str) -> None:
    with pytest.raises(DeployError, match=r"STAGE=.*small letters and digits.*STAGE=prod"):
        commands.deploy(stage)


def test_no_settings(operator: Operator) -> None:
    settings.FILE.unlink()
    with pytest.raises(DeployError, match=rf"(?s)for this stage.*\[{STAGE}\]\noperator = "):
        operator.deploy()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour = 1", "(?s)colour: Extra inputs.*There may be: operator, "),
        ("log_retention_days = 8", "log_retention_days: Input should be 1, 3, 5"),
        ("memory = 1", "memory: Input should be greater"),
        ('domain_name = "a.example"', "go together"),
        ('operator = "nobody"', "not TOML"),
    ],
)
def test_settings_that_will_not_do(operator: Operator, line: str, said: str) -> None:
    text = CHOSEN.replace("memory = 512", "") if "memory" in line else CHOSEN
    settings.FILE.write_text(f"{text}{line}\n")
    with pytest.raises(DeployError, match=said):
        operator.deploy()


def _without_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_aws(monkeypatch)
    with pytest.raises(DeployError, match=r"No region is set: .*AWS_REGION"):
        Account()


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_of_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv(variable, "eu-west-1")
    assert Account().region == "eu-west-1"


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_aws(monkeypatch)
    with pytest.raises(NoCredentialsError):
        Account("us-east-1")


def test_another_deploy_at_the_same_time() -> None:
    cloud = Cloud("UPDATE_IN_PROGRESS")
    with pytest.raises(DeployError, match=rf"{NAME} is being changed \(UPDATE_IN_PROGRESS\)"):
        _deploy(cloud)
    assert "CreateChangeSet" not in cloud.calls


@pytest.mark.parametrize("call", ["DescribeChangeSet", "ExecuteChangeSet"])
@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "UPDATE_COMPLETE"])
def test_another_deploy_in_the_same_second(call: str, status: str) -> None:
    cloud = Cloud(status, refused={call: "ChangeSetNotFound"})
    with pytest.raises(DeployError, match=r"is being changed .* run this again"):
        _deploy(cloud)
    assert "DeleteStack" not in cloud.calls  # it is the other's


def test_a_stack_that_fails_gives_the_resource_s_own_reason() -> None:
    cloud, said = Cloud("UPDATE_COMPLETE"), list[str]()
    cloud.then("UPDATE_COMPLETE")  # nothing has happened yet: this is of before
    cloud.then("UPDATE_IN_PROGRESS", ("WorkFunction", "UPDATE_FAILED", "MemorySize is too much"))
    cloud.then(
        "UPDATE_ROLLBACK_COMPLETE", ("ApiRole", "UPDATE_FAILED", "Resource update cancelled")
    )
    with pytest.raises(DeployError) as raised:
        _deploy(cloud, said)
    assert "WorkFunction: MemorySize is too much" in str(raised.value)
    assert "ApiRole" not in str(raised.value)
    assert [line.split()[1] for line in said[1:]] == ["WorkFunction", "ApiRole"]


def test_a_template_that_is_not_taken() -> None:
    reason = "The following validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]"
    cloud = Cloud("UPDATE_COMPLETE")
    cloud.change_set |= {"Status": "FAILED", "StatusReason": reason}
    with pytest.raises(
        DeployError, match=r"(?s)not take the template.*Check.*JobsQueue: it exists"
    ):
        _deploy(cloud)
    assert "DeleteChangeSet" in cloud.calls


@pytest.mark.parametrize("status", sorted(HUSKS))
def test_what_a_first_deploy_has_left_is_removed(status: str) -> None:
    cloud, said = Cloud(status), list[str]()
    cloud.then("DELETE_COMPLETE", (NAME, "DELETE_COMPLETE", ""))
    cloud.then("CREATE_COMPLETE", (NAME, "CREATE_COMPLETE", ""))
    assert _deploy(cloud, said)
    assert cloud.calls.index("DeleteStack") < cloud.calls.index("CreateChangeSet")
    assert said[0].startswith(f"{NAME} is {status}")


def test_a_rollback_that_did_not_end_is_gone_on_with() -> None:
    cloud = Cloud("UPDATE_ROLLBACK_FAILED")
    cloud.then("UPDATE_ROLLBACK_COMPLETE", (NAME, "UPDATE_ROLLBACK_COMPLETE", ""))
    cloud.then("UPDATE_COMPLETE", (NAME, "UPDATE_COMPLETE", ""))
    assert _deploy(cloud)
    assert "ContinueUpdateRollback" in cloud.calls


def test_a_stack_that_cannot_be_removed() -> None:
    cloud = Cloud("CREATE_COMPLETE")
    cloud.then("DELETE_FAILED", ("Network", "DELETE_FAILED", "it has dependencies"))
    with pytest.raises(DeployError, match=r"(?s)DELETE_FAILED.*Network: it has dependencies"):
        Stack(cloud, STAGE).destroy()


def test_an_installation_that_does_not_answer() -> None:
    def refused(*_: Any) -> tuple[int, Any]:
        return 503, "Service Unavailable"

    with pytest.raises(DeployError, match="health answers 503: Service Unavailable"):
        smoke_test("https://example.com/prod", refused)


def test_an_installation_that_answers_after_a_while() -> None:
    answers = iter([(0, "Name or service not known"), (403, "Forbidden"), (200, {})])
    smoke_test("https://example.com/prod", lambda *_: next(answers))
    assert list(answers) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "No credentials for AWS: .*AWS_PROFILE"),
        (_refusal("ExpiredToken"), "(?s)ExpiredToken.*Sign in anew"),
        (_refusal("AccessDenied"), "(?s)AccessDenied.*rights of an administrator"),
        (EndpointConnectionError(endpoint_url="https://x"), "(?s)https://x.*can be reached"),
        (UnauthorizedSSOTokenError(), "(?s)SSO.*Sign in anew"),
        (KeyboardInterrupt(), "What CloudFormation has begun goes on"),
    ],
)
def test_what_is_refused_comes_with_advice(
    error: BaseException,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(commands, "deploy", refuse)
    assert main(["deploy", STAGE]) != 0
    assert re.search(said, capsys.readouterr().err)


def test_a_bucket_that_is_somebody_else_s(tmp_path: Path) -> None:
    account = Answering(lambda _: refused("BucketAlreadyExists"))
    account.id = "123456789012"
    file = tmp_path / "package.zip"
    file.touch()
    with pytest.raises(
        DeployError, match=r"orbitra-packages-123456789012-us-east-1.*somebody else"
    ):
        account.upload(file)


def test_a_domain_comes_with_the_record_that_it_needs() -> None:
    said: list[str] = []
    given = {"domain_name": "api.example.com", "certificate_arn": "arn:one"}
    addresses = {"operator": "ada@example.com", "mail_address": "no-reply@example.com"}
    chosen = StageSettings.model_validate(addresses | given)
    outputs = {"DomainTarget": "d-one.example.net", "DefaultUrl": "https://one.example.net/prod"}
    commands._tell_domain(chosen, outputs, said.append)
    assert "CNAME record leads api.example.com to d-one.example.net" in said[0]
    assert outputs["DefaultUrl"] in said[1]


def test_the_command_prints_one_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["deploy", "No-Stage"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("STAGE=No-Stage will not do")
    assert said.err.count("\n") == 1
