"""AWS in process holds what the template says and survives threads."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from botocore.session import get_session

from local import aws

TABLES = {"accounts", "workspaces", "resources", "claims", "jobs"}


@pytest.fixture(autouse=True)
def running() -> Iterator[None]:
    aws.start()
    aws.reset()
    yield
    aws.reset()


def client(service: str) -> Any:
    return get_session().create_client(service, region_name="us-east-1")


def table(name: str) -> Any:
    return client("dynamodb").describe_table(TableName=f"orbitra-local-{name}")["Table"]


def _keys(described: Any) -> list[str]:
    return [key["AttributeName"] for key in described["KeySchema"]]


def test_tables() -> None:
    names = client("dynamodb").list_tables()["TableNames"]
    assert set(names) == {os.environ["ORBITRA_TABLE_PREFIX"] + name for name in TABLES}
    for name in TABLES:
        assert _keys(table(name)) == ["pk", "sk"]


def test_indexes() -> None:
    [by_parent] = table("resources")["LocalSecondaryIndexes"]
    [by_due] = table("jobs")["GlobalSecondaryIndexes"]
    assert (by_parent["IndexName"], _keys(by_parent)) == ("by_parent", ["pk", "parent"])
    assert (by_due["IndexName"], _keys(by_due)) == ("by_due", ["shard", "due_at"])
    for index in (by_parent, by_due):
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_queues() -> None:
    sqs, url = client("sqs"), os.environ["ORBITRA_QUEUE_URL"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert attributes["VisibilityTimeout"] == "360"
    assert redrive["maxReceiveCount"] == 5
    assert redrive["deadLetterTargetArn"].endswith(":orbitra-local-jobs-dead-letters")


def test_key() -> None:
    kms = client("kms")
    made = kms.generate_data_key(KeyId=os.environ["ORBITRA_KMS_KEY_ID"], KeySpec="AES_256")
    opened = kms.decrypt(KeyId="alias/orbitra-local-secrets", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]


def test_reset_drops_items_and_messages() -> None:
    dynamodb, sqs, url = client("dynamodb"), client("sqs"), os.environ["ORBITRA_QUEUE_URL"]
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    dynamodb.put_item(TableName="orbitra-local-accounts", Item=item)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    aws.reset()
    assert dynamodb.scan(TableName="orbitra-local-accounts")["Items"] == []
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    dynamodb.put_item(TableName="orbitra-local-accounts", Item=item)
    assert dynamodb.scan(TableName="orbitra-local-accounts")["Items"] == [item]


@pytest.fixture
def eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_conditions_are_exact_under_threads() -> None:
    dynamodb = client("dynamodb")
    refused = dynamodb.exceptions.ConditionalCheckFailedException  # made lazily, not thread-safely

    def count(_: int) -> bool:
        with suppress(refused):
            dynamodb.update_item(
                TableName="orbitra-local-jobs",
                Key={"pk": {"S": "a"}, "sk": {"S": "job"}},
                UpdateExpression="ADD taken :one",
                ConditionExpression="attribute_not_exists(taken) OR taken < :limit",
                ExpressionAttributeValues={":one": {"N": "1"}, ":limit": {"N": "20"}},
            )
            return True
        return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(count, range(100))) == 20


IN_ANOTHER_PROCESS = """
import os
from local import aws
aws.start()
aws.start()
assert os.environ["AWS_ACCESS_KEY_ID"] != "real" and "AWS_PROFILE" not in os.environ
aws.stop()
assert os.environ["AWS_PROFILE"] == "real" and "ORBITRA_QUEUE_URL" not in os.environ
aws.stop()
aws.start()
aws.reset()
assert "ORBITRA_QUEUE_URL" in os.environ
"""


def test_start_and_stop_leave_the_environment_as_it_was() -> None:
    inherited = {name: value for name, value in os.environ.items() if "ORBITRA" not in name}
    real = {"AWS_PROFILE": "real", "AWS_ACCESS_KEY_ID": "real", "AWS_SECRET_ACCESS_KEY": "real"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IN_ANOTHER_PROCESS],
        env=inherited | real,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def _resources() -> dict[str, Any]:
    resources: dict[str, Any] = json.loads(aws.RESOURCES.read_text())["Resources"]
    return resources


def _of_type(kind: str) -> list[dict[str, Any]]:
    return [declared for declared in _resources().values() if declared["Type"] == kind]


def test_the_cloud_guards_every_table() -> None:
    for declared in _of_type("AWS::DynamoDB::Table"):
        properties = declared["Properties"]
        assert declared["DeletionPolicy"] == declared["UpdateReplacePolicy"] == "Retain"
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["DeletionProtectionEnabled"]
        assert "SSESpecification" not in properties  # AWS's own key: encrypted, and free
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert properties["TimeToLiveSpecification"] == {
            "AttributeName": "expires_at",
            "Enabled": True,
        }


def test_the_cloud_encrypts_queues_and_turns_keys() -> None:
    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in _of_type("AWS::SQS::Queue"))
    assert all(key["Properties"]["EnableKeyRotation"] for key in _of_type("AWS::KMS::Key"))
