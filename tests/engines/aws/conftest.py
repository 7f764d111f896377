"""The AWS engine on moto."""

import json
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from chalicelib import aws, settings
from chalicelib.engines.aws.engine import AwsEngine
from tests.engines.aws.cloud import BUCKET, PROJECT, ROLE, Cloud, watched, zipped

SETTINGS = {
    "ORBITRA_ENGINE": "aws",
    "ORBITRA_APPS_URL": "",
    "ORBITRA_APPS_BUCKET": BUCKET,
    "ORBITRA_BUILD_PROJECT": PROJECT,
    "ORBITRA_APP_ROLE_ARN": ROLE,
    "ORBITRA_RESERVE_INSTANCES": "true",
    # Moto knows the layers of its own account only.
    "ORBITRA_WEB_ADAPTER_LAYER": "arn:aws:lambda:{region}:123456789012:layer:adapter:1",
}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with patch.dict("os.environ", SETTINGS):
        settings.settings.cache_clear()
        _reset()
        _make_resources()
        made = Cloud()
        with watched(made):
            yield made
        _reset()
    settings.settings.cache_clear()


@pytest.fixture
def aws_engine(cloud: Cloud) -> AwsEngine:
    return AwsEngine()


def _reset() -> None:
    from moto.awslambda.models import lambda_backends
    from moto.cloudwatch.models import cloudwatch_backends
    from moto.codebuild.models import codebuild_backends
    from moto.iam.models import iam_backends
    from moto.logs.models import logs_backends
    from moto.s3.models import s3_backends

    for backends in (lambda_backends, codebuild_backends, logs_backends, cloudwatch_backends):
        backends["123456789012"]["us-east-1"].reset()
    iam_backends["123456789012"]["aws"].reset()
    s3_backends["123456789012"]["aws"].reset()


def _make_resources() -> None:
    allow = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Action": "sts:AssumeRole"}]}
    name = ROLE.rpartition("/")[2]
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    content = {"ZipFile": zipped("adapter")}
    aws.client("lambda").publish_layer_version(LayerName="adapter", Content=content)
    aws.client("s3").create_bucket(Bucket=BUCKET)
    aws.client("codebuild").create_project(
        name=PROJECT,
        source={"type": "S3", "location": "none/none"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
    )
