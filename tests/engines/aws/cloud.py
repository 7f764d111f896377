"""What moto lacks: builds that take time, invocations, what is in an image; and faults."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import aws
from chalicelib.settings import settings
from tests.engines.aws import registry

BUCKET, PROJECT = "orbitra-test-apps", "orbitra-test-builds"
IMAGE_PROJECT = "orbitra-test-image-builds"
PUSH_ROLE = "arn:aws:iam::123456789012:role/orbitra-test-push"
ROLE = "arn:aws:iam::123456789012:role/orbitra-test-app"
BUILT = {
    "commit": "c" * 40,
    "runtime": "python3.13",
    "start": "python app.py",
    "site": None,
    "pages": None,
}
Exchange = Callable[[], Any]
Fault = Callable[[str, Exchange], Any]


def refusing(code: str, status: int = 400) -> Fault:
    """Nothing is done, and the answer says so."""

    def refuse(operation: str, _: Exchange) -> Any:
        said = {"Code": code, "Message": "arn:aws:secret refused"}
        raise ClientError(
            {"Error": said, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
        )

    return refuse


def before(_: str, __: Exchange) -> Any:
    """The call does not arrive."""
    raise ReadTimeoutError(endpoint_url="https://aws")


def after(_: str, exchange: Exchange) -> Any:
    """All is done, but the answer does not arrive."""
    exchange()
    raise ReadTimeoutError(endpoint_url="https://aws")


@dataclass
class Cloud:
    """Stands before moto: sees every call, answers some, lets some fail."""

    seen: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    looks: dict[str, int] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=lambda: {"statusCode": 200, "body": "ok"})
    crash: str = ""
    outcome: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    log_group: str = "/aws/codebuild/x"
    warm: dict[str, int] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    revision: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict)
    configuration: dict[str, str] = field(default_factory=dict)

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The arguments of every call of an operation."""
        return [arguments for name, arguments in self.asked if name == operation]

    def call(self, operation: str, arguments: dict[str, Any], real: Exchange) -> Any:
        """Answer a call."""
        self.seen.append(operation)
        self.asked.append((operation, arguments))
        mine = _MINE.get(operation)

        def exchange() -> Any:
            return mine(self, arguments, real) if mine else real()

        fault = self.faults.pop(operation, None)
        return fault(operation.split(".")[1], exchange) if fault else exchange()

    def _start_build(self, arguments: dict[str, Any], real: Exchange) -> Any:
        """The same token is the same build; other arguments with it are refused."""
        build_id = f"{arguments['projectName']}:{arguments['idempotencyToken']}"
        made, said = {"build": {"id": build_id}}, json.dumps(arguments, sort_keys=True)
        if build_id in self.tokens:
            assert self.tokens[build_id] == said, "parameter mismatch"
            return made
        self.tokens[build_id] = said
        real()
        return made

    def _look_at_build(self, arguments: dict[str, Any], _: Exchange) -> Any:
        """Queued, cloning, building, then over; at its end the builder leaves its word."""
        (build_id,) = arguments["ids"]
        looks = self.looks[build_id] = self.looks.get(build_id, 0) + 1
        phases = ["QUEUED", "PRE_BUILD", "BUILD", "COMPLETED"]
        phase = phases[min(looks, 4) - 1]
        if build_id in self.ends:
            phase = "COMPLETED"
        if phase == "COMPLETED" and build_id not in self.ends:
            self.ends[build_id] = self.outcome.get("status", "SUCCEEDED")
            self._finish(build_id.split(":")[1])
        status = self.ends.get(build_id, "IN_PROGRESS")
        logs = {"groupName": self.log_group, "streamName": build_id.split(":")[1]}
        one = {"id": build_id, "buildStatus": status, "currentPhase": phase, "logs": logs}
        return {"builds": [one]}

    def _stop_build(self, arguments: dict[str, Any], _: Exchange) -> Any:
        self.ends[arguments["id"]] = "STOPPED"
        return {}

    def _invoke(self, arguments: dict[str, Any], _: Exchange) -> Any:
        json.loads(arguments["Payload"])
        if self.crash:
            said: Any = {"errorMessage": f"RequestId: 1 Error: {self.crash}"}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(said).encode())}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}

    def _keep_warm(self, arguments: dict[str, Any], _: Exchange) -> Any:
        self.warm[arguments["FunctionName"]] = arguments["ProvisionedConcurrentExecutions"]
        return {}

    def _let_cool(self, arguments: dict[str, Any], _: Exchange) -> Any:
        self.warm.pop(arguments["FunctionName"], None)
        return {}

    def _configuration(self, _: dict[str, Any], real: Exchange) -> Any:
        return {**real(), "RevisionId": str(self.revision), **self.configuration}

    def _change(self, arguments: dict[str, Any], real: Exchange) -> Any:
        """A change of the function, under the fence that moto does not know."""
        if arguments["RevisionId"] != str(self.revision):
            refusing("PreconditionFailedException", 412)("Update", real)
        self.revision += 1
        return real()

    def _finish(self, name: str) -> None:
        if self.outcome.get("silent"):
            return
        s3, bucket = aws.client("s3"), settings().apps_bucket
        (owned,) = [key for key in keys() if key.endswith(f"/{name}/order.json")]
        order = json.loads(s3.get_object(Bucket=bucket, Key=owned)["Body"].read())
        place = owned.removesuffix("order.json")
        if order["kind"] == "image":
            registry.push(self.blobs, order["image"], name)
        else:
            s3.put_object(Bucket=bucket, Key=f"{place}artifact.zip", Body=zipped(name))
        result = self.outcome.get("result", RESULTS.get(order["kind"], {}))
        s3.put_object(Bucket=bucket, Key=f"{place}result.json", Body=json.dumps(result).encode())

    def _upload(self, arguments: dict[str, Any], real: Exchange) -> Any:
        self.blobs[arguments["uploadId"]] = arguments["layerPartBlob"]
        return real()

    def _complete_upload(self, arguments: dict[str, Any], real: Exchange) -> Any:
        content = self.blobs[arguments["uploadId"]]
        (said,) = arguments["layerDigests"]
        assert said == registry.digest(content)
        if said in self.blobs:
            refusing("LayerAlreadyExistsException")("CompleteLayerUpload", real)
        self.blobs[said] = content
        return real()

    def _download_url(self, arguments: dict[str, Any], _: Exchange) -> Any:
        content = self.blobs[arguments["layerDigest"]]
        return {"downloadUrl": f"data:;base64,{base64.b64encode(content).decode()}"}

    def _put_image(self, arguments: dict[str, Any], real: Exchange) -> Any:
        manifest = json.loads(arguments["imageManifest"])
        assert arguments["imageDigest"] == registry.digest(arguments["imageManifest"].encode())
        if any(each["digest"] not in self.blobs for each in registry.parts(manifest)):
            refusing("LayersNotFoundException")("PutImage", real)
        return real()


RESULTS = {
    "build": BUILT,
    "image": {"commit": "c" * 40, "is_image": True, "has_command": True},
}
_MINE = {
    "codebuild.StartBuild": Cloud._start_build,
    "codebuild.BatchGetBuilds": Cloud._look_at_build,
    "codebuild.StopBuild": Cloud._stop_build,
    "ecr.CompleteLayerUpload": Cloud._complete_upload,
    "ecr.GetDownloadUrlForLayer": Cloud._download_url,
    "ecr.PutImage": Cloud._put_image,
    "ecr.UploadLayerPart": Cloud._upload,
    "lambda.GetFunctionConfiguration": Cloud._configuration,
    "lambda.UpdateFunctionCode": Cloud._change,
    "lambda.UpdateFunctionConfiguration": Cloud._change,
    "lambda.PublishVersion": Cloud._change,
    "lambda.Invoke": Cloud._invoke,
    "lambda.PutProvisionedConcurrencyConfig": Cloud._keep_warm,
    "lambda.DeleteProvisionedConcurrencyConfig": Cloud._let_cool,
}


@contextmanager
def watched(cloud: Cloud) -> Iterator[None]:
    """Let every call of AWS but DynamoDB's and the queue's pass by the cloud."""
    real = BaseClient._make_api_call

    def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        def exchange() -> Any:
            return real(client, operation, arguments)

        service = client.meta.service_model.service_name
        if service in {"sqs", "kms", "iam"}:
            return exchange()
        check(client, operation, arguments)
        return cloud.call(f"{service}.{operation}", arguments, exchange)

    with patch.object(BaseClient, "_make_api_call", call):
        yield


def check(client: Any, operation: str, arguments: dict[str, Any]) -> None:
    """Raise when botocore's model of the service does not take the arguments."""
    from botocore.validate import validate_parameters

    validate_parameters(arguments, client.meta.service_model.operation_model(operation).input_shape)


def zipped(text: str) -> bytes:
    """A small artifact."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    return written.getvalue()


def digest(content: bytes) -> str:
    """As Lambda says what code a function has."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def keys() -> list[str]:
    """All that the bucket holds."""
    from moto.s3.models import s3_backends

    bucket = s3_backends["123456789012"]["aws"].buckets[settings().apps_bucket]
    return list(bucket.keys)
