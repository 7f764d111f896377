"""``python -m local``: the whole platform as a newcomer meets it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from local.samples import AUTHOR
from tests.local.git_server import serving

APP = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked for", self.path, flush=True)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ.get("GREETING", "none").encode())
    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


@dataclass
class Run:
    process: subprocess.Popen[str]
    banner: str
    api: httpx.Client
    proxy_port: int

    def deploy(self, name: str, git_url: str, **more: Any) -> Any:
        """Deploy to a new project; the deployment once it is over."""
        project = self.api.post("/v1/projects", json={"name": name}).json()["id"]
        body = {"git_url": git_url, **more}
        made = self.api.post(f"/v1/projects/{project}/deployments", json=body)
        assert made.status_code == 201, made.text
        assert made.json()["status"] == "building"
        return self.api.get(f"/v1/deployments/{made.json()['id']}?wait=25").json()

    def page(self, host: str, path: str = "/") -> httpx.Response:
        headers = {"Host": f"{host}.localhost:{self.proxy_port}"}
        return httpx.get(f"http://127.0.0.1:{self.proxy_port}{path}", headers=headers)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with running(tmp_path_factory.mktemp("state")) as started:
        yield started


def start(state: Path, **settings: str) -> Run:
    names = ("PORT", "PROXY_PORT", "MAIL_PORT")
    ports = {name: str(free_port()) for name in names}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORBITRA_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        env={**kept, **ports, **settings, "ORBITRA_STATE": str(state)},
        stdout=subprocess.PIPE,
        text=True,
    )
    banner = read_banner(process)
    key = re.search(r"API key +(\S+)", banner)
    assert key
    api = httpx.Client(
        base_url=f"http://127.0.0.1:{ports['PORT']}",
        headers={"Authorization": f"Bearer {key[1]}"},
        timeout=40,
    )
    return Run(process, banner, api, int(ports["PROXY_PORT"]))


def read_banner(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    lines = []
    while line := process.stdout.readline():
        lines.append(line)
        if "Ctrl-C" in line:
            break
    return "".join(lines)


def stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


@contextmanager
def running(state: Path, **settings: str) -> Iterator[Run]:
    """The product, from its start to its end."""
    started = start(state, **settings)
    try:
        yield started
    finally:
        started.api.close()
        stop(started.process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def repository(place: Path, app: str = APP) -> Path:
    place.mkdir(parents=True)
    (place / "app.py").write_text(app)
    (place / "Procfile").write_text("web: python app.py\n")
    for command in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(["git", *AUTHOR, *command], cwd=place, check=True)
    return place


@pytest.mark.parametrize("transport", ["file", "http"])
def test_deploy(run: Run, tmp_path: Path, transport: str) -> None:
    place = repository(tmp_path / "app")
    with serving(tmp_path) as base:
        url = f"file://{place}" if transport == "file" else f"{base}/app/.git"
        done = run.deploy(f"by {transport}", url, environment={"GREETING": "grüß dich"})
    assert done["status"] == "live", done
    assert re.fullmatch("[0-9a-f]{40}", done["commit"])
    assert run.page(f"by-{transport}").text == "grüß dich"


def test_logs(run: Run, tmp_path: Path) -> None:
    done = run.deploy("logs", f"file://{repository(tmp_path / 'app')}")
    path = f"/api/web-services/{done['service_id']}"
    for number in range(3):
        run.page("logs", f"/{number}")
    since = int(time.time()) + 1
    time.sleep(1.1)
    run.page("logs", "/last")
    tail = of_the_app(run, f"{path}/logs?tail=100")[-2:]
    assert [line.partition("Z ")[2] for line in tail] == ["asked for /2", "asked for /last"]
    later = of_the_app(run, f"{path}/logs?since={since}")
    assert [line.partition("Z ")[2] for line in later] == ["asked for /last"]
    assert len(run.api.get(f"{path}/logs?tail=2").json()["logs"].splitlines()) == 2
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in tail)
    shown = run.api.get(f"{path}/deployments/{done['id']}").json()
    assert "Cloning" in shown["build_logs"]
    assert run.api.get(f"/v1/deployments/{done['id']}/logs").json()["logs"] == shown["build_logs"]


def of_the_app(run: Run, path: str) -> list[str]:
    """What the app itself wrote."""
    return [line for line in run.api.get(path).json()["logs"].splitlines() if "Z ==> " not in line]


def test_failures_say_what_to_do(run: Run, tmp_path: Path) -> None:
    good = repository(tmp_path / "good")
    missing = run.deploy("missing branch", f"file://{good}", branch="nope")
    assert missing["status"] == "failed"
    assert 'branch "nope" does not exist' in missing["error_message"]
    dies = repository(tmp_path / "dies", "import nosuchmodule")
    dead = run.deploy("dies", f"file://{dies}")
    assert dead["status"] == "failed"
    assert 'provides "nosuchmodule" to requirements.txt' in dead["error_message"]
    gone = run.deploy("gone", f"file://{tmp_path}/nowhere")
    assert gone["status"] == "failed"
    service = {"name": "broken", "git_repository_url": f"file://{good}", "build_command": "exit 3"}
    made = run.api.post("/api/web-services", json=service).json()
    path = f"/api/web-services/{made['id']}/deployments"
    broken = ended(run, path, run.api.post(path, json={}).json()["id"])
    assert "exit code 3" in broken["error_message"]


def ended(run: Run, path: str, deployment: str) -> Any:
    """The deployment once it is over. Asking again and again would come to the limits."""
    assert run.api.get(f"/v1/deployments/{deployment}?wait=25").status_code == 200
    return run.api.get(f"{path}/{deployment}").json()


def test_redeploy_rollback_stop_and_start(run: Run, tmp_path: Path) -> None:
    place = repository(tmp_path / "app")
    first = run.deploy("shop", f"file://{place}", environment={"GREETING": "one"})
    body = {"git_url": f"file://{place}", "environment": {"GREETING": "two"}}
    path = f"/v1/projects/{first['project_id']}/deployments"
    second = run.api.post(path, json=body).json()
    assert run.api.get(f"/v1/deployments/{second['id']}?wait=25").json()["status"] == "live"
    assert run.page("shop").text == "two"
    back = run.api.post(f"/v1/deployments/{first['id']}/rollback").json()
    assert run.api.get(f"/v1/deployments/{back['id']}?wait=25").json()["status"] == "live"
    assert run.page("shop").text == "one"
    service = f"/api/web-services/{first['service_id']}"
    for action, status, code in [("stop", "stopped", 503), ("start", "running", 200)]:
        run.api.post(f"{service}/{action}")
        until(run, service, status)
        assert run.page("shop").status_code == code


def until(run: Run, path: str, status: str) -> None:
    for _ in range(100):
        if run.api.get(path).json()["status"] == status:
            return
        time.sleep(0.1)
    raise AssertionError(run.api.get(path).text)


def test_deleting_a_project_stops_its_processes(run: Run, tmp_path: Path) -> None:
    done = run.deploy("goes", f"file://{repository(tmp_path / 'app')}")
    assert run.api.delete(f"/v1/projects/{done['project_id']}").status_code == 200
    for _ in range(100):
        if run.api.get(f"/v1/deployments/{done['id']}").status_code == 404:
            break
        time.sleep(0.1)
    assert run.api.get(f"/v1/deployments/{done['id']}").status_code == 404
    assert run.page("goes").status_code == 404


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_without_leaving_a_process(tmp_path: Path, number: signal.Signals) -> None:
    one = start(tmp_path / "state")
    assert one.deploy("app", f"file://{repository(tmp_path / 'app')}")["status"] == "live"
    children = psutil.Process(one.process.pid).children(recursive=True)
    assert len(children) >= 4
    one.api.close()
    one.process.send_signal(number)
    one.process.communicate(timeout=30)
    assert one.process.returncode == 0
    assert [child for child in children if lives(child)] == []


def lives(process: psutil.Process) -> bool:
    """A zombie waits for init only."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "local"],
            env={**os.environ, "PORT": str(port), "ORBITRA_STATE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_banners_lines_deploy_the_sample(run: Run) -> None:
    pasted = run.banner[run.banner.index("export ORBITRA") : run.banner.index("  Then open")]
    done = subprocess.run(["bash"], input=pasted, capture_output=True, text=True, check=True)
    first = done.stdout.splitlines()[0]
    assert json.loads(first)["status"] == "live", first
    assert "Hello, world" in done.stdout
