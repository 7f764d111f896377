"""The AWS account: the clients, and the bucket that packages are put into."""

import hashlib
import os
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from . import DeployError

PRIVATE = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8})


class Account:
    """One account in one region."""

    def __init__(self, region: str = "") -> None:
        """Takes credentials and, when none is given, the region as the AWS CLI does.

        Raises ``DeployError`` when no region is set, and botocore's errors when AWS says no.
        """
        self._session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
        if not self._session.region_name:
            raise DeployError(
                'No region is set: write region = "us-east-1" into deploy.toml, '
                "or set AWS_REGION or AWS_DEFAULT_REGION"
            )
        self.region: str = self._session.region_name
        self.id = str(self.client("sts").get_caller_identity()["Account"])

    def client(self, service: str) -> Any:
        """The client of a service."""
        return self._session.client(service, config=PATIENT)

    def resource(self, service: str) -> Any:
        """A service's things as objects."""
        return self._session.resource(service, config=PATIENT)

    @property
    def bucket(self) -> str:
        """Where packages and templates lie for Lambda and CloudFormation."""
        return f"orbitra-packages-{self.id}-{self.region}"

    def upload(self, file: Path) -> str:
        """Put a file into the bucket; its key there.

        It is named for what is in it: the same file is sent once.
        """
        content = file.read_bytes()
        key = hashlib.sha256(content).hexdigest() + file.suffix
        self._make_bucket()
        s3 = self.client("s3")
        own = {"Bucket": self.bucket, "ExpectedBucketOwner": self.id}
        if "Contents" not in s3.list_objects_v2(**own, Prefix=key):
            s3.put_object(**own, Key=key, Body=content)
        return key

    def url(self, key: str) -> str:
        """The address of what was uploaded."""
        return f"https://{self.bucket}.s3.{self.region}.amazonaws.com/{key}"

    def _make_bucket(self) -> None:
        """Make the bucket if it is not there. Everyone but the account is kept out of it."""
        s3 = self.client("s3")
        where = {"LocationConstraint": self.region}
        placed = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": where}
        try:
            s3.create_bucket(Bucket=self.bucket, **placed)
        except ClientError as error:
            if error.response["Error"]["Code"] == "BucketAlreadyExists":
                raise DeployError(
                    f"The bucket {self.bucket}, for packages, belongs to somebody else: choose "
                    "another region, or ask AWS's support"
                ) from None
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise
        closed = {"PublicAccessBlockConfiguration": PRIVATE, "ExpectedBucketOwner": self.id}
        s3.put_public_access_block(Bucket=self.bucket, **closed)
