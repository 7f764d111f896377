"""The AWS account: the clients, and the bucket that packages are put into."""

import hashlib
import os
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError, NoCredentialsError, PartialCredentialsError

from . import DeployError

PRIVATE = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
REFUSED = {"ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClient"}


class Account:
    """One account in one region."""

    def __init__(self, region: str = "") -> None:
        """Takes credentials and, when none is given, the region as the AWS CLI does.

        Raises ``DeployError`` when there are none.
        """
        self._session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
        if not self._session.region_name:
            raise DeployError(
                'No region is set: write region = "us-east-1" into deploy.toml, '
                "or set AWS_REGION or AWS_DEFAULT_REGION"
            )
        self.region: str = self._session.region_name
        self.id = self._who()

    def client(self, service: str) -> Any:
        """The client of a service."""
        return self._session.client(service)

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
        self._make_bucket(self.bucket)
        s3 = self.client("s3")
        if "Contents" not in s3.list_objects_v2(Bucket=self.bucket, Prefix=key):
            s3.put_object(Bucket=self.bucket, Key=key, Body=content, ExpectedBucketOwner=self.id)
        return key

    def url(self, key: str) -> str:
        """The address of what was uploaded."""
        return f"https://{self.bucket}.s3.{self.region}.amazonaws.com/{key}"

    def _who(self) -> str:
        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (NoCredentialsError, PartialCredentialsError):
            raise DeployError(
                "No credentials for AWS: run `aws configure sso` or `aws configure`, or set "
                "AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from None
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSED:
                raise DeployError(f"AWS refuses the credentials: {error}") from None
            raise

    def _make_bucket(self, name: str) -> None:
        """Make the bucket if it is not there. Everyone but the account is kept out of it."""
        s3 = self.client("s3")
        if name not in {one["Name"] for one in s3.list_buckets(Prefix=name).get("Buckets", [])}:
            where = {"LocationConstraint": self.region}
            placed = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": where}
            s3.create_bucket(Bucket=name, **placed)
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=PRIVATE)
