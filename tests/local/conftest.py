"""A real supervisor and a real proxy, and small apps in real git repositories."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from chalicelib.engines.base import Build, Progress, Release, Stage
from local.doors import Doors
from local.engine import LocalEngine

APP = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print("GET", self.path)
        body = os.environ.get(self.path.strip("/"), "hello").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

print("listening")
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
WEB = {"Procfile": "web: python app.py", "app.py": APP}
BARE = {"readme": "No Python, so that no virtual environment is made."}
QUICK = ["--start-seconds=25", "--grace-seconds=2", "--drain-seconds=1", "--log-bytes=200000"]


def until(check: Callable[[], Any], seconds: float = 20) -> Any:
    """What the check answers, once that is true."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.03)
    return found


def make_repository(place: Path, files: dict[str, str], branch: str = "main") -> str:
    """Commit the files to a new repository; its URL."""
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    author = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for command in (["init", "-qb", branch], ["add", "-A"], ["commit", "-qm", "All"]):
        subprocess.run(["git", *author, *command], cwd=place, check=True)
    return f"file://{place}"


def launch(module: str, *options: str) -> subprocess.Popen[bytes]:
    """Start one of our processes; it ends with its stdin."""
    command = [sys.executable, "-m", module, *options]
    environment = {**os.environ, "AWS_SECRET_ACCESS_KEY": "operator", "ORBITRA_STAGE": "operator"}
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)


def end(process: subprocess.Popen[bytes]) -> None:
    """End one of our processes as an operator does."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert process.stdin
    process.stdin.close()


def processes_of(text: str) -> list[psutil.Process]:
    """The living processes of users that have the text in the name of their run."""
    found = []
    for process in psutil.process_iter():
        try:
            if text in process.environ().get("ORBITRA_RUN", "") and process.name() != "bwrap":
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill_all(text: str) -> None:
    """Kill the processes of such runs at once."""
    for process in processes_of(text):
        with contextlib.suppress(psutil.Error):
            process.kill()


@dataclass
class Supervised:
    """A running supervisor, and what a test asks of it."""

    state: Path
    options: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = self.state / "s"
        self.process = launch(
            "local.supervisor", "--socket", str(self.socket), "--state", str(self.state / "run"),
            "--git-schemes", "https,http,file", *QUICK, *self.options,
        )  # fmt: skip
        self.engine = LocalEngine(self.socket)
        self.http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://s"
        )
        until(self.answers)

    def answers(self) -> bool:
        assert self.process.poll() is None
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def close(self) -> None:
        self.engine.close()
        self.http.close()
        if self.process.poll() is None:
            end(self.process)
        elif self.process.stdin:
            self.process.stdin.close()

    def repository(self, files: dict[str, str], branch: str = "main") -> str:
        return make_repository(self.state / f"repo-{uuid4().hex}", files, branch)

    def build(self, url: str, **fields: Any) -> tuple[Build, Progress]:
        """Build to the end."""
        build = self.begin_build(url, **fields)
        return build, until(lambda: self._settled(self.engine.build(build)), 120)

    def begin_build(self, url: str, **fields: Any) -> Build:
        ids = {"deployment_id": f"dep_{uuid4().hex}", "service_id": f"srv_{uuid4().hex}"}
        build = Build(**{**ids, "job_id": "job_b", "git_url": url, "branch": "main", **fields})
        self.engine.build(build)
        return build

    def start(self, build: Build, **fields: Any) -> tuple[Release, Progress]:
        """Start to the end."""
        ids = {"deployment_id": build.deployment_id, "service_id": build.service_id}
        release = Release(
            **{"release_id": f"rel_{uuid4().hex}", "job_id": "job_r", "port": 3000, **ids, **fields}
        )
        return release, until(lambda: self._settled(self.engine.start(release)), 30)

    def run(self, files: dict[str, str], **fields: Any) -> tuple[Release, Progress]:
        """Build and start the files."""
        build, progress = self.build(self.repository(files))
        assert progress.stage is Stage.BUILT, progress.message
        return self.start(build, **fields)

    def host(self, release: Release) -> str:
        """Send a host of its own to the release; its name."""
        name = release.service_id.replace("_", "-")
        self.engine.switch(release.service_id, release.release_id, name)
        return name

    def log(self, release: Release) -> str:
        return self.engine.logs(release.service_id, 1000, None).text

    def numbers(self, release: Release) -> list[int]:
        """The numbers of the instances that have been healthy, in that order."""
        return [int(each) for each in re.findall(r"\(instance (\d+)\)", self.log(release))]

    def ask(self, number: int, path: str) -> str:
        """What the instance with the number answers, past the proxy."""
        sock, port = Doors(self.socket).to(number).way_in()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as app:
            app.sock = sock
            app.sock.connect(("127.0.0.1", port))
            app.request("GET", path)
            return app.getresponse().read().decode()

    def _settled(self, progress: Progress) -> Progress | None:
        moving = {Stage.CLONING, Stage.BUILDING, Stage.STARTING}
        return None if progress.stage in moving else progress


@dataclass
class Proxied:
    """A running proxy."""

    supervised: Supervised

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = ["--socket", str(self.supervised.socket), "--port", str(self.port)]
        self.process = launch("local.proxy", *options)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}")
        until(self.answers)

    def answers(self) -> bool:
        try:
            return self.get("nobody").status_code == 404
        except httpx.TransportError:
            return False

    def get(self, host: str, path: str = "/", **headers: str) -> httpx.Response:
        return self.client.get(path, headers={"Host": f"{host}.localhost:{self.port}", **headers})

    def knows(self, host: str) -> str:
        """The host, once the news of it has come here."""
        until(lambda: self.get(host).status_code != 404)
        return host

    def serve(self, files: dict[str, str], **fields: Any) -> str:
        """Run the files; the host that leads to them."""
        release, progress = self.supervised.run(files, **fields)
        assert progress.stage is Stage.HEALTHY, progress.message
        return self.knows(self.supervised.host(release))

    def close(self) -> None:
        self.client.close()
        end(self.process)


@contextlib.contextmanager
def supervision(*options: str) -> Iterator[Supervised]:
    """A supervisor of a test's own."""
    state = Path(tempfile.mkdtemp(prefix="orb"))
    try:
        with contextlib.closing(Supervised(state, [*options])) as made:
            yield made
    finally:
        shutil.rmtree(state)


class Secret(BaseHTTPRequestHandler):
    """A server of the operator's on loopback."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"secret")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a name short enough for a Unix socket."""
    made = Path(tempfile.mkdtemp(prefix="orb"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def supervised() -> Iterator[Supervised]:
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")))
    yield made
    made.close()
    shutil.rmtree(made.state)


@pytest.fixture(scope="module")
def proxied(supervised: Supervised) -> Iterator[Proxied]:
    made = Proxied(supervised)
    yield made
    made.close()


@pytest.fixture(scope="module")
def operators() -> Iterator[int]:
    """The port of a server that the operator runs on this machine."""
    with HTTPServer(("127.0.0.1", 0), Secret) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
