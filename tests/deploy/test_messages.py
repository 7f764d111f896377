"""What an operator is told when something keeps the deploy from going on."""

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from botocore.stub import Stubber

from deploy import DeployError, commands, settings
from deploy.__main__ import main
from deploy.account import Account
from deploy.first_key import smoke_test
from deploy.stack import Stack

from .conftest import CHOSEN, NAME, STAGE, Operator


@pytest.mark.parametrize("stage", ["Prod", "my-stage", "2nd", "api", "", "x" * 17, "a b"])
def test_a_stage_name_that_will_not_do(stage: str) -> None:
    with pytest.raises(DeployError, match=r"STAGE=.*small letters and digits.*STAGE=prod"):
        commands.deploy(stage)


def test_no_settings(operator: Operator) -> None:
    settings.FILE.unlink()
    with pytest.raises(DeployError, match=rf"(?s)\[{STAGE}\].*operator: Field required"):
        operator.deploy()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour = 1", "colour: Extra inputs"),
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
    with pytest.raises(DeployError, match=r"No credentials for AWS: .*AWS_PROFILE"):
        Account("us-east-1")


class Answering:
    """An account whose CloudFormation gives the answers that a test has written down."""

    region = "us-east-1"

    def __init__(self) -> None:
        self.cloudformation = get_session().create_client("cloudformation", "us-east-1")
        self.stub = Stubber(self.cloudformation)
        self.stub.activate()

    def client(self, _: str) -> Any:
        return self.cloudformation

    def status(self, word: str) -> None:
        stack = {"StackName": NAME, "CreationTime": "2026-01-01", "StackStatus": word}
        self.stub.add_response("describe_stacks", {"Stacks": [stack]})

    def events(self, *told: tuple[str, str, str]) -> None:
        """(logical id, status, reason) of each, the newest first."""
        events = [
            {
                "StackId": NAME,
                "StackName": NAME,
                "Timestamp": "2026-01-01",
                "EventId": f"{logical}{status}",
                "LogicalResourceId": logical,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for logical, status, reason in told
        ]
        self.stub.add_response("describe_stack_events", {"StackEvents": events})


def _stack(account: Any, said: list[str]) -> Stack:
    return Stack(account, STAGE, said.append)


def test_another_deploy_at_the_same_time() -> None:
    account = Answering()
    account.status("UPDATE_IN_PROGRESS")
    with pytest.raises(DeployError, match=rf"{NAME} is being changed by another deploy"):
        _stack(account, []).deploy("https://example.com/template.json", {})


def test_a_stack_that_fails_gives_the_resource_s_own_reason() -> None:
    account, said = Answering(), list[str]()
    for _ in range(2):
        account.status("UPDATE_COMPLETE")
    account.status("UPDATE_COMPLETE")
    account.events()
    account.status("UPDATE_COMPLETE")
    made = {"Id": "arn:changeset", "StackId": NAME}
    account.stub.add_response("create_change_set", made)
    ready = {"ChangeSetId": "arn:changeset", "Status": "CREATE_COMPLETE", "Changes": []}
    account.stub.add_response("describe_change_set", ready)
    account.stub.add_response("execute_change_set", {})
    account.status("UPDATE_ROLLBACK_COMPLETE")
    account.events(
        ("ApiRole", "UPDATE_FAILED", "Resource update cancelled"),
        ("WorkFunction", "UPDATE_FAILED", "MemorySize is more than this account may have"),
    )
    with pytest.raises(DeployError) as raised:
        _stack(account, said).deploy("https://example.com/template.json", {})
    assert "WorkFunction: MemorySize is more than this account may have" in str(raised.value)
    assert "ApiRole" not in str(raised.value)
    assert [line.split()[1] for line in said] == ["WorkFunction", "ApiRole"]


def test_an_installation_that_does_not_answer() -> None:
    def refused(*_: Any) -> tuple[int, Any]:
        return 503, "Service Unavailable"

    with pytest.raises(DeployError, match="health answers 503: Service Unavailable"):
        smoke_test("https://example.com/prod", refused)


def test_the_command_prints_one_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["deploy", "No-Stage"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("STAGE=No-Stage will not do")
    assert said.err.count("\n") == 1
