"""What is left of a stage when its stack is gone: its data, and the apps that ran there.

It is found by its name, or by its tag, so also when the stack has been gone for long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from .account import Account

KEY_DAYS = 30
TAG = "orbitra:stack"
GOING = "KMSInvalidStateException"  # a key that KMS drops already
SOON = {"Delay": 2, "MaxAttempts": 300}


@dataclass(frozen=True)
class Left:
    """Something that is left: its kind (``table``, ``bucket``, ``key`` …) and name."""

    kind: str
    name: str


def found(account: Account, stack: str) -> list[Left]:
    """All that is left of a stage, apps last."""
    return [Left(kind, name) for kind, (find, _) in _KINDS.items() for name in find(account, stack)]


def remove(account: Account, left: Left) -> None:
    """Remove it for good; a key only after the days in which KMS takes that back."""
    _KINDS[left.kind][1](account, left.name)


def _pages(account: Account, service: str, operation: str, answered: str, **asked: Any) -> Any:
    pages = account.client(service).get_paginator(operation).paginate(**asked)
    return (one for page in pages for one in page.get(answered, []))


def _tables(account: Account, stack: str) -> Iterator[str]:
    names = _pages(account, "dynamodb", "list_tables", "TableNames")
    return (name for name in names if name.startswith(f"{stack}-"))


def _remove_table(account: Account, name: str) -> None:
    dynamodb = account.client("dynamodb")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=SOON)


def _buckets(account: Account, stack: str) -> Iterator[str]:
    own = f"{stack}-artifacts-{account.id}-{account.region}"
    listed = account.client("s3").list_buckets(Prefix=own).get("Buckets", [])
    return (one["Name"] for one in listed)


def _remove_bucket(account: Account, name: str) -> None:
    bucket = account.resource("s3").Bucket(name)
    bucket.object_versions.delete()
    bucket.delete()


def _keys(account: Account, stack: str) -> Iterator[str]:
    asked = {
        "ResourceTypeFilters": ["kms:key"],
        "TagFilters": [{"Key": TAG, "Values": [stack]}],
    }
    tagged = _pages(
        account, "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", **asked
    )
    return (one["ResourceARN"] for one in tagged)


def _remove_key(account: Account, arn: str) -> None:
    try:
        account.client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=KEY_DAYS)
    except ClientError as error:
        if error.response["Error"]["Code"] != GOING:
            raise


def _functions(account: Account, stack: str) -> Iterator[str]:
    listed = _pages(account, "lambda", "list_functions", "Functions")
    names = (one["FunctionName"] for one in listed)
    return (name for name in names if name.startswith(f"{stack}-app-"))


def _remove_function(account: Account, name: str) -> None:
    account.client("lambda").delete_function(FunctionName=name)


def _layers(account: Account, stack: str) -> Iterator[str]:
    names = (one["LayerName"] for one in _pages(account, "lambda", "list_layers", "Layers"))
    return (name for name in names if name.startswith(f"{stack}-app-"))


def _remove_layer(account: Account, name: str) -> None:
    versions = _pages(account, "lambda", "list_layer_versions", "LayerVersions", LayerName=name)
    for one in list(versions):
        which = {"LayerName": name, "VersionNumber": one["Version"]}
        account.client("lambda").delete_layer_version(**which)


def _repositories(account: Account, stack: str) -> Iterator[str]:
    listed = _pages(account, "ecr", "describe_repositories", "repositories")
    names = (one["repositoryName"] for one in listed)
    return (name for name in names if name.startswith(f"{stack}-app-"))


def _remove_repository(account: Account, name: str) -> None:
    account.client("ecr").delete_repository(repositoryName=name, force=True)


def _logs(account: Account, stack: str) -> Iterator[str]:
    asked = {"logGroupNamePrefix": f"/aws/lambda/{stack}-app-"}
    groups = _pages(account, "logs", "describe_log_groups", "logGroups", **asked)
    return (one["logGroupName"] for one in groups)


def _remove_log(account: Account, name: str) -> None:
    account.client("logs").delete_log_group(logGroupName=name)


_KINDS = {
    "table": (_tables, _remove_table),
    "bucket": (_buckets, _remove_bucket),
    "key": (_keys, _remove_key),
    "app": (_functions, _remove_function),
    "app's layer": (_layers, _remove_layer),
    "app's images": (_repositories, _remove_repository),
    "app's log": (_logs, _remove_log),
}
