"""A service on AWS from its first build to its removal, with every call failing in every way."""

import pytest
from moto.awslambda.models import lambda_backends
from moto.ecr.models import ecr_backends
from moto.logs.models import logs_backends

from chalicelib.engines.aws.engine import AwsEngine
from tests.engines.aws import cloud as faults
from tests.engines.aws.cloud import Cloud, Fault, keys
from tests.engines.aws.life import SERVICE, live_whole
from tests.prove import PROVE

CALLS = [
    "cloudwatch.GetMetricData",
    "codebuild.BatchGetBuilds",
    "codebuild.StartBuild",
    "codebuild.StopBuild",
    "ecr.BatchDeleteImage",
    "ecr.DeleteRepository",
    "lambda.AddPermission",
    "lambda.CreateAlias",
    "lambda.CreateFunction",
    "lambda.CreateFunctionUrlConfig",
    "lambda.DeleteFunction",
    "lambda.DeleteFunctionConcurrency",
    "lambda.DeleteFunctionUrlConfig",
    "lambda.DeleteLayerVersion",
    "lambda.DeleteProvisionedConcurrencyConfig",
    "lambda.GetAlias",
    "lambda.GetFunctionConcurrency",
    "lambda.GetFunctionConfiguration",
    "lambda.GetFunctionUrlConfig",
    "lambda.Invoke",
    "lambda.ListLayerVersions",
    "lambda.ListVersionsByFunction",
    "lambda.PublishLayerVersion",
    "lambda.PublishVersion",
    "lambda.PutFunctionConcurrency",
    "lambda.PutProvisionedConcurrencyConfig",
    "lambda.UpdateAlias",
    "lambda.UpdateFunctionCode",
    "lambda.UpdateFunctionConfiguration",
    "logs.CreateLogGroup",
    "logs.DeleteLogGroup",
    "logs.DeleteLogStream",
    "logs.FilterLogEvents",
    "logs.GetLogEvents",
    "logs.PutRetentionPolicy",
    "s3.DeleteObject",
    "s3.GetObject",
    "s3.HeadBucket",
    "s3.HeadObject",
    "s3.ListObjectsV2",
    "s3.PutObject",
]
IMAGE_CALLS = sorted(
    {
        *CALLS,
        "ecr.BatchGetImage",
        "ecr.CompleteLayerUpload",
        "ecr.CreateRepository",
        "ecr.GetAuthorizationToken",
        "ecr.GetDownloadUrlForLayer",
        "ecr.InitiateLayerUpload",
        "ecr.PutImage",
        "ecr.SetRepositoryPolicy",
        "ecr.UploadLayerPart",
        "lambda.GetFunction",
        "sts.AssumeRole",
    }
    - {"lambda.PublishLayerVersion", "lambda.DeleteLayerVersion"}
)
OF_IMAGES = sorted({*IMAGE_CALLS} - {*CALLS})
TELLING = "lambda.UpdateAlias"
DOCKERFILE = {"dockerfile_path": "Dockerfile"}
KINDS = ["throttled", "denied", "missing", "conflict", "before", "after"]
MISSING = {"s3": "NoSuchKey", "ecr": "RepositoryNotFoundException"}
CONFLICTS = {
    "s3": "OperationAborted",
    "logs": "OperationAbortedException",
    "ecr": "ImageTagAlreadyExistsException",
    "ecr.CreateRepository": "RepositoryAlreadyExistsException",
    "ecr.CompleteLayerUpload": "LayerAlreadyExistsException",
}


def fault(kind: str, operation: str) -> Fault:
    service = operation.partition(".")[0]
    match kind:
        case "throttled":
            return faults.refusing("TooManyRequestsException", 429)
        case "denied":
            return faults.refusing("AccessDeniedException", 403)
        case "missing":
            return faults.refusing(MISSING.get(service, "ResourceNotFoundException"), 404)
        case "conflict":
            code = CONFLICTS.get(service, "ResourceConflictException")
            return faults.refusing(CONFLICTS.get(operation, code), 409)
        case "before":
            return faults.before
    return faults.after


def left() -> list[object]:
    functions = lambda_backends["123456789012"]["us-east-1"]
    logs = logs_backends["123456789012"]["us-east-1"]
    groups = [name for name in logs.groups if name.startswith("/aws/lambda/")]
    kept = [key for key in keys() if not key.startswith("builder/")]
    layers = list(functions.list_layer_versions(f"orbitra-local-app-{SERVICE}"))
    repositories = ecr_backends["123456789012"]["us-east-1"].repositories
    return [*functions.list_functions(), *layers, *groups, *kept, *repositories]


def test_every_call_is_known_and_nothing_is_left(aws_engine: AwsEngine, cloud: Cloud) -> None:
    live_whole(aws_engine)
    assert sorted(set(cloud.seen)) == CALLS
    assert left() == []


def test_every_call_for_images_too(aws_engine: AwsEngine, cloud: Cloud) -> None:
    live_whole(aws_engine, **DOCKERFILE)
    assert sorted(set(cloud.seen)) == IMAGE_CALLS
    assert left() == []


@pytest.mark.parametrize("kind", KINDS if PROVE else ["after"])
def test_every_call_may_fail_once(aws_engine: AwsEngine, cloud: Cloud, kind: str) -> None:
    cloud.faults |= {each: fault(kind, each) for each in CALLS}
    live_whole(aws_engine)
    assert not cloud.faults
    assert left() == []


@pytest.mark.parametrize("kind", KINDS if PROVE else ["conflict"])
def test_every_call_for_images_may_fail_once(
    aws_engine: AwsEngine, cloud: Cloud, kind: str
) -> None:
    cloud.faults |= {each: fault(kind, each) for each in IMAGE_CALLS}
    live_whole(aws_engine, **DOCKERFILE)
    assert not cloud.faults
    assert left() == []


@pytest.mark.parametrize("kind", KINDS if PROVE else ["after"])
@pytest.mark.parametrize("operation", CALLS if PROVE else [TELLING])
def test_each_call_alone(aws_engine: AwsEngine, cloud: Cloud, operation: str, kind: str) -> None:
    cloud.faults[operation] = fault(kind, operation)
    live_whole(aws_engine)
    assert not cloud.faults
    assert left() == []


@pytest.mark.parametrize("kind", KINDS if PROVE else KINDS[-1:])
@pytest.mark.parametrize("operation", OF_IMAGES if PROVE else ["ecr.PutImage"])
def test_each_call_for_images_alone(
    aws_engine: AwsEngine, cloud: Cloud, operation: str, kind: str
) -> None:
    cloud.faults[operation] = fault(kind, operation)
    live_whole(aws_engine, **DOCKERFILE)
    assert not cloud.faults
    assert left() == []
