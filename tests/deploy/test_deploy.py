"""A deploy, by the operator's own code path, into moto."""

import pytest

from chalicelib.accounts import password_reset
from deploy import DeployError, leftovers, new_password
from deploy.account import Account
from tests.client import make_client

from .cloud import Answer, Answering, answered, refused
from .conftest import NAME, TABLES, Operator, client, resources, tables

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")
APP = f"{NAME}-app-svc_one"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
APP_LOG = f"/aws/lambda/{APP}"


def test_the_operator_gets_an_address_and_a_key_that_opens(operator: Operator) -> None:
    operator.deploy()
    said = "\n".join(operator.said)
    assert f"execute-api.us-east-1.amazonaws.com/{NAME.partition('-')[2]} answers" in said
    key = said.partition("admin key ")[2].split()[0]
    assert make_client().bearer(key).get("/v1/users/me").status == 200
    assert any("CREATE_COMPLETE" in line for line in operator.said)


def test_a_second_deploy_changes_nothing(operator: Operator) -> None:
    operator.deploy()
    before = resources()
    assert operator.diff()[1:] == ["Nothing would change"]
    operator.deploy()
    assert operator.said[1] == "Nothing has changed"
    assert operator.said[-1].startswith("operator@example.com is registered; make key STAGE=trial")
    assert resources() == before


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
    assert tables() == set()
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
    assert tables() == set()
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
