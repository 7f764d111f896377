"""What IAM is asked when AWS is called: seldom just for the operation's own name.

See https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html, and for what
a call needs besides, the documentation of the operation.
"""

from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any

from .conftest import NAME
from .iam import Need
from .resolved import HERE, REGION

Arguments = dict[str, Any]

OF_S3 = {"HeadBucket": "ListBucket", "HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}
OF_IMAGES = (
    "BatchGetImage",
    "GetDownloadUrlForLayer",
    "GetRepositoryPolicy",
    "SetRepositoryPolicy",
)
OF_WRITES = {"ConditionCheck": "ConditionCheckItem"}
BY_S3 = ("kms:ViaService", f"s3.{REGION}.amazonaws.com")
TO_LAMBDA = ("iam:PassedToService", "lambda.amazonaws.com")


def needs(service: str, operation: str, given: Arguments) -> Iterator[Need]:
    """All that must be allowed for a call, but for what lies in the object that is read."""
    return _OF[service](operation, given)


def on_key(action: str, key_id: str, *circumstances: tuple[str, str]) -> Need:
    """Something done with a KMS key."""
    return Need(f"kms:{action}", f"arn:aws:kms:{HERE}:key/{key_id}", circumstances)


def _cloudwatch(operation: str, _: Arguments) -> Iterator[Need]:
    yield Need(f"cloudwatch:{operation}", "*")


def _codebuild(operation: str, given: Arguments) -> Iterator[Need]:
    """Builds belong to the project with which their ids begin."""
    named = [given[name] for name in ("id", "projectName") if name in given]
    for one in given.get("ids", named):
        project = one.partition(":")[0]
        yield Need(f"codebuild:{operation}", f"arn:aws:codebuild:{HERE}:project/{project}")


def _dynamodb(operation: str, given: Arguments) -> Iterator[Need]:
    """An operation on a table or an index; each part of a transaction by itself."""
    if operation == "TransactWriteItems":
        for kind, part in (pair for item in given["TransactItems"] for pair in item.items()):
            yield _on_table(OF_WRITES.get(kind, f"{kind}Item"), part["TableName"])
    elif operation == "BatchGetItem":
        yield from (_on_table(operation, table) for table in given["RequestItems"])
    else:
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        yield _on_table(operation, given["TableName"] + index)


def _on_table(action: str, table: str) -> Need:
    return Need(f"dynamodb:{action}", f"arn:aws:dynamodb:{HERE}:table/{table}")


def _ecr(operation: str, given: Arguments) -> Iterator[Need]:
    """A login is asked for by the role that a build may push as, not by a function's own."""
    if operation != "GetAuthorizationToken":
        yield _on_repository(operation, given["repositoryName"])


def _on_repository(action: str, name: str) -> Need:
    return Need(f"ecr:{action}", f"arn:aws:ecr:{HERE}:repository/{name}")


def _kms(operation: str, given: Arguments) -> Iterator[Need]:
    """Moto's ciphertexts begin with the id of their key."""
    yield on_key(operation, given.get("KeyId") or given["CiphertextBlob"][:36].decode())


def _lambda(operation: str, given: Arguments) -> Iterator[Need]:
    """Who makes a function must be let pass its role, and read its layers and its code."""
    if operation == "ListLayerVersions":
        yield Need("lambda:ListLayerVersions", "*")
    else:
        action = "InvokeFunction" if operation == "Invoke" else operation
        yield Need(f"lambda:{action}", f"arn:aws:lambda:{HERE}:{_layer(given) or _function(given)}")
    if "Role" in given:
        yield Need("iam:PassRole", given["Role"], (TO_LAMBDA,))
    yield from (Need("lambda:GetLayerVersion", one) for one in given.get("Layers", []))
    code = given.get("Code", given)
    if "ImageUri" in code:
        repository = code["ImageUri"].partition("/")[2].partition("@")[0]
        yield from (_on_repository(action, repository) for action in OF_IMAGES)
    if "S3Key" in code:
        yield Need("s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")


def _layer(given: Arguments) -> str:
    parts = [str(given[one]) for one in ("LayerName", "VersionNumber") if one in given]
    return ":".join(["layer", *parts]) if parts else ""


def _function(given: Arguments) -> str:
    parts = [given[one] for one in ("FunctionName", "Qualifier") if one in given]
    return ":".join(["function", *parts])


def _logs(operation: str, given: Arguments) -> Iterator[Need]:
    stream = f"log-stream:{given['logStreamName']}" if "logStreamName" in given else "*"
    group = f"arn:aws:logs:{HERE}:log-group:{given['logGroupName']}"
    yield Need(f"logs:{operation}", f"{group}:{stream}")


def _s3(operation: str, given: Arguments) -> Iterator[Need]:
    place = "/".join(given[one] for one in ("Bucket", "Key") if one in given)
    yield Need(f"s3:{OF_S3.get(operation, operation)}", f"arn:aws:s3:::{place}")
    if "SSEKMSKeyId" in given:
        yield on_key("GenerateDataKey", given["SSEKMSKeyId"], BY_S3)


def _ses(operation: str, given: Arguments) -> Iterator[Need]:
    """A raw message asks for the older action too, the sender's settings are a resource; while
    the account is in SES's sandbox, so are those that it is sent to."""
    sender = parseaddr(given["FromEmailAddress"])[1]
    raw = ["SendRawEmail"] if "Raw" in given["Content"] else []
    identities = [f"identity/{one}" for one in (sender, *given["Destination"]["ToAddresses"])]
    for action in (operation, *raw):
        for resource in (*identities, f"configuration-set/{NAME}"):
            where = f"arn:aws:ses:{HERE}:{resource}"
            yield Need(f"ses:{action}", where, (("ses:FromAddress", sender),))


def _sqs(operation: str, given: Arguments) -> Iterator[Need]:
    queue = given["QueueUrl"].rpartition("/")[2]
    yield Need(f"sqs:{operation}", f"arn:aws:sqs:{HERE}:{queue}")


def _sts(operation: str, given: Arguments) -> Iterator[Need]:
    yield Need(f"sts:{operation}", given["RoleArn"])


_OF: dict[str, Callable[[str, Arguments], Iterator[Need]]] = {
    "cloudwatch": _cloudwatch,
    "codebuild": _codebuild,
    "dynamodb": _dynamodb,
    "ecr": _ecr,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _s3,
    "sesv2": _ses,
    "sqs": _sqs,
    "sts": _sts,
}
