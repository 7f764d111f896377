"""Thirty services of three tenants at once, and what the whole run takes while nobody asks."""

import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.local.conftest import until
from tests.local.prove.test_kills import running
from tests.local.test_run import Run, repository

TENANTS, EACH = 3, 10
SETTLING_SECONDS, MEASURED_SECONDS = 5, 20
CPU_PERCENT = 5  # of the machine, all of its cores together
MEMORY_BYTES = 4 * 1024**3


def test_thirty_services(tmp_path: Path) -> None:
    git_url = f"file://{repository(tmp_path / 'app')}"
    with running(tmp_path / "state") as run:
        tenants = [tenant(run, f"t{number}@example.com") for number in range(TENANTS)]
        for number, api in enumerate(tenants):
            for host in deployed(api, git_url, f"t{number}"):
                assert run.page(host).status_code == 200
        time.sleep(SETTLING_SECONDS)
        cpu, memory = taken(psutil.Process(run.process.pid))
        for api in tenants:
            api.close()
    print(f"idle: {cpu:.1f} % of {psutil.cpu_count()} cores, {memory / 1024**2:.0f} MiB resident")
    assert cpu < CPU_PERCENT
    assert memory < MEMORY_BYTES


def tenant(run: Run, email: str) -> httpx.Client:
    """A client for a person who has just registered."""
    body = {"email": email, "password": "correct horse battery", "name": "T"}
    made = run.api.post("/api/auth/register", json=body).json()
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    return httpx.Client(base_url=run.api.base_url, headers=headers, timeout=60)


def deployed(api: httpx.Client, git_url: str, prefix: str) -> Iterator[str]:
    """Deploy ten services side by side; the host of each once it is live."""
    made = {
        f"{prefix}-{number}": deploy(api, git_url, f"{prefix}-{number}") for number in range(EACH)
    }
    for host, deployment in made.items():
        shown = until(partial(ended, api, deployment), 120)
        assert shown["status"] == "live", shown
        yield host


def deploy(api: httpx.Client, git_url: str, name: str) -> str:
    body = {"name": name, "git_repository_url": git_url}
    service = api.post("/api/web-services", json=body).json()
    made = api.post(f"/api/web-services/{service['id']}/deployments", json={})
    return str(made.json()["id"])


def ended(api: httpx.Client, deployment: str) -> Any:
    shown = api.get(f"/v1/deployments/{deployment}?wait=25").json()
    return shown if shown["status"] in {"live", "failed"} else None


def taken(launcher: psutil.Process) -> tuple[float, int]:
    """What a process and all below it take: percent of the machine, bytes of memory."""
    processes = [launcher, *launcher.children(recursive=True)]
    before = seconds(processes)
    time.sleep(MEASURED_SECONDS)
    busy = seconds(processes) - before
    cores = psutil.cpu_count() or 1
    return 100 * busy / MEASURED_SECONDS / cores, sum(each.memory_info().rss for each in processes)


def seconds(processes: list[psutil.Process]) -> float:
    """The CPU time that the living ones have taken."""
    found = 0.0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            found += times.user + times.system
    return found
