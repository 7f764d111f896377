"""Lambda's runtime API, and AWS's own client of it running the unpacked package.

The process sees the package and what Lambda's Python brings (awslambdaric, boto3), nothing else.
See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import json
import os
import platform
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

SECONDS = 60
HERE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
BROUGHT = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "jmespath", "s3transfer", "dateutil", "six", "urllib3"),
)

TOLD = {  # the client's own C++ dies of a header that is not there
    "Content-Type": "application/json",
    "Lambda-Runtime-Aws-Request-Id": "one",
    "Lambda-Runtime-Client-Context": "{}",
    "Lambda-Runtime-Cognito-Identity": "{}",
    "Lambda-Runtime-Deadline-Ms": "4000000000000",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
    "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
    "Lambda-Runtime-Aws-Tenant-Id": "one",
    "Lambda-Runtime-Invocation-Id": "one",
}


class Function:
    """A function that waits for events; ``call`` hands it one and answers with what it said."""

    def __init__(self) -> None:
        self.pid = 0
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()

    def call(self, event: dict[str, Any]) -> Any:
        self.events.put(event)
        outcome, body = self.answers.get(timeout=SECONDS)
        assert outcome == "response", body
        return body


@contextmanager
def running(
    package: Path, handler: str, brought: Path, log: IO[str] | None = None, **variables: str
) -> Iterator[Function]:
    """A function of the unpacked package, as Lambda would start it.

    It has these variables besides, and writes to the log of this process where none is given.
    """
    function = Function()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _api(function))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    environment = _environment(package, server.server_port, brought) | variables
    process = _start(package, handler, environment, log)
    function.pid = process.pid
    threading.Thread(target=_tell_end, args=(process, function), daemon=True).start()
    try:
        yield function
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()


def _tell_end(process: subprocess.Popen[bytes], function: Function) -> None:
    function.answers.put(("end", f"the process ended with {process.wait()}"))


def bring(place: Path) -> Path:
    """Make a folder with what Lambda's own Python has beside a package."""
    place.mkdir()
    for name in BROUGHT:
        spec = find_spec(name)
        assert spec
        assert spec.origin
        origin = Path(spec.origin)
        source = origin.parent if spec.submodule_search_locations else origin
        (place / source.name).symlink_to(source)
    metadata = Path(str(distribution("awslambdaric").locate_file("")))
    for found in metadata.glob("awslambdaric-*.dist-info"):
        (place / found.name).symlink_to(found)
    return place


def request(
    method: str, resource: str, path: str = "", body: str | None = None, **headers: str
) -> dict[str, Any]:
    """What API Gateway sends; ``path`` is where the resource takes all below it."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "resource": resource,
        "path": path or resource,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.removeprefix("/")} if path else None,
        "stageVariables": None,
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "stage": "prod",
            "path": f"/prod{path or resource}",
            "identity": {"sourceIp": "192.0.2.1"},
        },
    }


def _start(
    package: Path, handler: str, environment: dict[str, str], log: IO[str] | None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-S", "-m", "awslambdaric", handler]
    return subprocess.Popen(command, cwd=package, env=environment, stdout=log, stderr=log)


def _environment(package: Path, port: int, brought: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{package}{os.pathsep}{brought}",
        "LAMBDA_TASK_ROOT": str(package),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": "packaged",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/packaged",
        "AWS_LAMBDA_LOG_STREAM_NAME": "one",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}",
    }


def _api(function: Function) -> type[BaseHTTPRequestHandler]:
    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept, as Lambda does
        wbufsize = -1

        def handle(self) -> None:
            with suppress(ConnectionResetError):  # the process is ended as it asks
                super().handle()

        def do_GET(self) -> None:
            event = function.events.get()
            self.send_response(200)
            for name, value in TOLD.items():
                self.send_header(name, value)
            self._end(json.dumps(event).encode())

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            if "X-Amz-Target" in self.headers:
                self.send_response(200)
                self._end(b'{"Items": [], "Count": 0, "ScannedCount": 0}')
                return
            self.send_response(202)
            self._end(b"{}")
            function.answers.put((self.path.rpartition("/")[2], json.loads(sent or b"null")))

        def _end(self, body: bytes) -> None:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Api
