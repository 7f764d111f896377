"""What ``destroy`` leaves: the data; removed only when the operator asks for it."""

from collections.abc import Callable
from typing import Any

from .account import Account

KEY_DAYS = 30


def kept(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a stack's resources that hold data."""
    return [one for one in resources if one["ResourceType"] in _REMOVE]


def remove(account: Account, resources: list[dict[str, Any]]) -> None:
    """Remove data for good; keys only after the days in which KMS takes that back."""
    for one in kept(resources):
        _REMOVE[one["ResourceType"]](account, one["PhysicalResourceId"])


def _table(account: Account, name: str) -> None:
    dynamodb = account.client("dynamodb")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def _bucket(account: Account, name: str) -> None:
    s3 = account.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        found = [{"Key": one["Key"]} for one in page.get("Contents", [])]
        if found:
            s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def _key(account: Account, key_id: str) -> None:
    account.client("kms").schedule_key_deletion(KeyId=key_id, PendingWindowInDays=KEY_DAYS)


_REMOVE: dict[str, Callable[[Account, str], None]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::KMS::Key": _key,
}
