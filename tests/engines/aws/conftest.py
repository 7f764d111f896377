"""The AWS engine on moto."""

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

import pytest

from chalicelib import aws, settings
from chalicelib.engines.aws.engine import AwsEngine
from tests.engines.aws.cloud import (
    BUCKET,
    IMAGE_PROJECT,
    PROJECT,
    PUSH_ROLE,
    ROLE,
    Cloud,
    watched,
    zipped,
)

APP = """import os, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(f"{os.environ['WHO']} {len(os.environ['LONG'])}".encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
SETTINGS = {
    "ORBITRA_ENGINE": "aws",
    "ORBITRA_APPS_URL": "",
    "ORBITRA_APPS_BUCKET": BUCKET,
    "ORBITRA_BUILD_PROJECT": PROJECT,
    "ORBITRA_IMAGE_BUILD_PROJECT": IMAGE_PROJECT,
    "ORBITRA_IMAGE_PUSH_ROLE_ARN": PUSH_ROLE,
    "ORBITRA_APP_ROLE_ARN": ROLE,
    "ORBITRA_RESERVE_INSTANCES": "true",
    "MOTO_LAMBDA_STUB_ECR": "false",
    # Moto knows the layers of its own account only.
    "ORBITRA_WEB_ADAPTER_LAYER": "arn:aws:lambda:{region}:123456789012:layer:adapter:1",
}


@dataclass
class Shelf:
    """What presigned URLs lead to."""

    url: str
    kept: dict[str, bytes] = field(default_factory=dict)


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
    from moto.ecr.models import ecr_backends
    from moto.iam.models import iam_backends
    from moto.logs.models import logs_backends
    from moto.s3.models import s3_backends

    for backends in (
        lambda_backends,
        codebuild_backends,
        logs_backends,
        cloudwatch_backends,
        ecr_backends,
    ):
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
    for project in (PROJECT, IMAGE_PROJECT):
        aws.client("codebuild").create_project(
            name=project,
            source={"type": "S3", "location": "none/none"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "ARM_CONTAINER",
                "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=ROLE,
        )


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(made.kept[self.path])

        def do_PUT(self) -> None:
            made.kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    place = tmp_path / "repository"
    place.mkdir()
    (place / "app.py").write_text(APP)
    (place / "run.sh").write_text("#!/bin/sh\n")
    (place / "run.sh").chmod(0o755)
    (place / "link").symlink_to("app.py")
    commit(place)
    return place


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A repository of which nothing is built but by its command."""
    place = tmp_path / "plain"
    place.mkdir()
    (place / "index.html").write_text("hello")
    commit(place)
    return place


def commit(place: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-qb", "main"], ["add", "."], [*who, "commit", "-qm", "one"]):
        subprocess.run(["git", *arguments], cwd=place, check=True)
