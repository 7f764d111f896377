"""``python -m local`` killed and started again: what was answered is there."""

import json
import random
import re
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from chalicelib import clock
from chalicelib.jobs.job import Job, enqueue, lease
from chalicelib.store.transaction import Transaction
from local.demo import CHANGED, account
from local.gateway import Gateway
from local.resume import resume
from tests.client import Queue
from tests.local.conftest import until
from tests.local.test_run import Run, repository, start, stop
from tests.prove import PROVE

THREADS = 4
ROUNDS = 20 if PROVE else 1
UNLIMITED = json.dumps({"free": {"hour": None, "ten_minutes": None, "minute": None}})


def kill(run: Run, module: str) -> None:
    """Kill one of the three processes as the out-of-memory killer would."""
    children = psutil.Process(run.process.pid).children()
    [found] = [child for child in children if module in child.cmdline()]
    found.send_signal(signal.SIGKILL)


def kill_all(run: Run) -> None:
    """Kill the launcher and the three processes at once."""
    launcher = psutil.Process(run.process.pid)
    children = launcher.children()
    for process in [launcher, *children]:
        process.send_signal(signal.SIGKILL)
    run.process.communicate(timeout=40)
    psutil.wait_procs(children, timeout=20)
    run.api.close()


def answers(run: Run, host: str) -> bool:
    try:
        return run.page(host).status_code == 200
    except httpx.TransportError:
        return False


def create_until_it_dies(run: Run, name: str) -> list[str]:
    """Create projects one after the other; the ids that were answered."""
    answered: list[str] = []
    with suppress(httpx.TransportError):
        while True:
            made = run.api.post("/v1/projects", json={"name": f"{name}-{len(answered)}"})
            assert made.status_code == 201, made.text
            answered.append(made.json()["id"])
    return answered


def test_every_answered_write_survives_sigkill(tmp_path: Path) -> None:
    answered: list[str] = []
    banners = []
    for round_ in range(ROUNDS):
        run = start(tmp_path, ORBITRA_LIMITS=UNLIMITED)
        banners.append(re.findall(r"(?:password|API key) +(\S+)", run.banner))
        with ThreadPoolExecutor(THREADS) as pool:
            names = [f"p{round_}-{number}" for number in range(THREADS)]
            made = [pool.submit(create_until_it_dies, run, name) for name in names]
            time.sleep(random.uniform(0.3, 1.5))
            kill_all(run)
        answered += [project for one in made for project in one.result()]
    assert len(answered) > ROUNDS
    assert all(banner == banners[0] for banner in banners)
    last = start(tmp_path, ORBITRA_LIMITS=UNLIMITED)
    found = [last.api.get(f"/v1/projects/{project}").status_code for project in answered]
    assert set(found) == {200}
    last.api.close()
    stop(last.process)


def test_a_deployment_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Its job was in the queue or under a lease, both gone with the process."""
    run = start(tmp_path / "state")
    place = repository(tmp_path / "app")
    project = run.api.post("/v1/projects", json={"name": "x"}).json()["id"]
    body = {"git_url": f"file://{place}", "environment": {"GREETING": "a secret"}}
    made = run.api.post(f"/v1/projects/{project}/deployments", json=body).json()
    kill_all(run)
    again = start(tmp_path / "state")
    done = again.api.get(f"/v1/deployments/{made['id']}?wait=20").json()
    assert done["status"] in {"live", "failed"}, done
    next_ = again.api.post(f"/v1/projects/{project}/deployments", json=body).json()
    assert again.api.get(f"/v1/deployments/{next_['id']}?wait=25").json()["status"] == "live"
    again.api.close()
    stop(again.process)


def test_what_ran_serves_again_after_all_was_killed(tmp_path: Path) -> None:
    run = start(tmp_path / "state")
    git_url = f"file://{repository(tmp_path / 'app')}"
    assert run.deploy("shop", git_url, environment={"GREETING": "open"})["status"] == "live"
    assert run.deploy("shut", git_url)["status"] == "live"
    [shut] = [one for one in services(run) if one["name"] == "shut"]
    run.api.post(f"/api/web-services/{shut['id']}/stop")
    until(lambda: service(run, shut["id"])["status"] == "stopped")
    kill_all(run)
    again = start(tmp_path / "state")
    until(lambda: answers(again, "shop"))
    assert again.page("shop").text == "open"
    assert again.page("shut").status_code in {404, 503}
    assert {one["name"]: one["status"] for one in services(again)} == {
        "shop": "running",
        "shut": "stopped",
    }
    again.api.close()
    stop(again.process)


def services(run: Run) -> list[dict[str, str]]:
    found: list[dict[str, str]] = run.api.get("/api/web-services").json()["web_services"]
    return found


def service(run: Run, service_id: str) -> dict[str, str]:
    found: dict[str, str] = run.api.get(f"/api/web-services/{service_id}").json()
    return found


def test_each_process_comes_back_by_itself(tmp_path: Path) -> None:
    run = start(tmp_path / "state")
    git_url = f"file://{repository(tmp_path / 'app')}"
    assert run.deploy("shop", git_url, environment={"GREETING": "open"})["status"] == "live"
    for module in ("local.proxy", "local.supervisor", "local.api"):
        kill(run, module)
        time.sleep(0.6)
        until(lambda: answers(run, "shop"))
        until(lambda: is_up(run))
    assert run.deploy("next", git_url, environment={"GREETING": "too"})["status"] == "live"
    run.api.close()
    stop(run.process)


def is_up(run: Run) -> bool:
    try:
        status: str = run.api.get("/v1/status").json()["status"]
    except httpx.TransportError:
        return False
    return status == "operational"


@pytest.mark.parametrize(
    ("name", "advice"), [("journal", "make clean-local"), ("mailbox", "Remove it")]
)
def test_an_unknown_file_says_what_to_do(tmp_path: Path, name: str, advice: str) -> None:
    (tmp_path / f"{name}.sqlite").write_bytes(b"no database " * 1000)
    options = ["--state", str(tmp_path), "--socket", str(tmp_path / "s"), "--log"]
    done = subprocess.run(
        [sys.executable, "-m", "local.api", *options, str(tmp_path / "log")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert advice in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def gateway() -> Gateway:
    import app

    return Gateway(app.app)


def test_the_demo_account_is_made_once(gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    first = account(gateway, file)
    assert account(gateway, file) == first == json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["demo.json"]


def test_a_start_that_was_killed_before_the_key_goes_on(gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    first = account(gateway, file)
    file.write_text(json.dumps(first | {"key": ""}))
    second = account(gateway, file)
    assert second["password"] == first["password"]
    assert second["key"].startswith("ak_live_")
    assert account(gateway, file) == second


def test_a_lost_password_stops_no_start(gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    account(gateway, file)
    file.unlink()
    assert account(gateway, file)["password"] == CHANGED


def test_resume_sends_what_is_unfinished(queue: Queue) -> None:
    tx = Transaction()
    waiting, leased, done = [enqueue(tx, "tenant", "test", {}) for _ in range(3)]
    tx.commit()
    queue.receive()
    assert lease(leased.id, 60)
    done.update(actions=[Job.shard.remove(), Job.due_at.remove()])
    assert resume() == 2
    sent = {json.loads(message["body"])["job_id"] for message in queue.receive()}
    assert sent == {waiting.id, leased.id}
    assert Job.get(leased.id, "job").lease_until < clock.now_ms()
    again = lease(leased.id, 60)
    assert again
    assert again.attempts == 2
