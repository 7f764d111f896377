"""Measures the local run: what a deployment adds to doing it by hand, and the proxy to the app.

``make bench-local``. Everything runs on this machine, in turns; figures are medians of ratios, and
seconds only where the limit itself is in seconds.
"""

import os
import re
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.throughput import rate
from local.samples import AUTHOR

ROUNDS = 5
BUILD_ROUNDS = 3
HEALTHY_SECONDS = 0.05

APP = """
import asyncio, os
from aiohttp import web

async def answer(_):
    return web.Response(text="x" * 1024)

app = web.Application()
app.router.add_get("/", answer)
web.run_app(app, host="0.0.0.0", port=int(os.environ["PORT"]), print=None, access_log=None)
"""
SLOW_BUILD = "python -c 'import time; time.sleep(2)'"
PYTHON = {"build_command": SLOW_BUILD, "start_command": f"{sys.executable} app.py"}
NODE = """
require("http").createServer((_, answer) => answer.end("ok")).listen(process.env.PORT, "0.0.0.0")
"""
# The first comes as wheels; the second as source, to be made into a wheel.
REQUIREMENTS = "aiohttp==3.14.5\ndocopt==0.6.2\n"
IDLE_SECONDS = 3


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory, _product(Path(directory)) as product:
        repository = _repository(Path(directory) / "repository", {"app.py": APP})
        rounds = [_overhead(product, repository, Path(directory), n) for n in range(ROUNDS)]
        by_hand, deployed = (statistics.median(column) for column in zip(*rounds, strict=True))
        over = deployed - by_hand
        print(f"  a deployment   {over / by_hand:.0%} over doing the same by hand ({over:.1f} s)")
        print(f"                 [limit: 10 % + 1 s = {0.1 * by_hand + 1:.1f} s]")
        seconds = statistics.median(_rollback(product, n) for n in range(ROUNDS))
        print(f"  a rollback     {seconds:.1f} s from POST to live [limit: 10 s]")
        for name, (file, source, program) in _apps().items():
            place = _repository(Path(directory) / name, {file: source})
            ratio = _throughput(product, name, place, [program, file])
            print(f"  the proxy      {ratio:.2f} of the throughput of {name} itself [at least 0.3]")
        samples = Path(directory) / "state/samples"
        woken = _waking(product, samples / "node-hello")
        print(f"  waking         {woken:.1f} s to the first answer of a small Node app [1.5 s]")
        pip = _repository(
            Path(directory) / "pip", {"app.py": APP, "requirements.txt": REQUIREMENTS}
        )
        for tool, app in {"npm": samples / "node-hello", "pip": pip}.items():
            ratio = _second_build(product, app)
            print(f"  building again {ratio:.2f} of the first time with {tool}")
            print("                 [below 1, the more the further the registry]")


class _Product:
    """The running product, as its banner describes it."""

    def __init__(self, banner: str, proxy_port: int) -> None:
        key = re.search(r"API key +(\S+)", banner)
        base = re.search(r"API +(http\S+)", banner)
        if not key or not base:
            raise RuntimeError(banner)
        headers = {"Authorization": f"Bearer {key[1]}"}
        self.api = httpx.Client(base_url=base[1], headers=headers, timeout=60)
        self.proxy_port = proxy_port

    def deploy(self, name: str, git_url: str, **fields: Any) -> Any:
        """Deploy to a new service, to the end."""
        body = {"name": name, "git_repository_url": git_url, **fields}
        return self.deploy_again(self._post("/api/web-services", body)["id"])

    def deploy_again(self, service_id: str) -> Any:
        """Deploy to a service that is there, to the end."""
        return self._live(self._post(f"/api/web-services/{service_id}/deployments", {}))

    def roll_back(self, deployment_id: str) -> Any:
        """Roll back to an earlier deployment, to the end."""
        return self._live(self._post(f"/v1/deployments/{deployment_id}/rollback", {}))

    def _live(self, made: Any) -> Any:
        done = self.api.get(f"/v1/deployments/{made['id']}?wait=25").json()
        if done["status"] != "live":
            raise RuntimeError(done)
        return done

    def service(self, name: str) -> Any:
        """The service of that name."""
        found = self.api.get("/api/web-services").json()["web_services"]
        return next(one for one in found if one["name"] == name)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.api.post(path, json=body)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def _product(place: Path) -> Iterator[_Product]:
    ports = {"PORT": str(_free_port()), "PROXY_PORT": str(_free_port())}
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        env={
            **os.environ,
            **ports,
            "ORBITRA_STATE": str(place / "state"),
            "IDLE_SECONDS": str(IDLE_SECONDS),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    while process.stdout and "Ctrl-C" not in "".join(lines[-1:]):
        lines.append(process.stdout.readline())
    try:
        yield _Product("".join(lines), int(ports["PROXY_PORT"]))
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _overhead(product: _Product, repository: Path, place: Path, number: int) -> tuple[float, float]:
    """Seconds by hand and by the product, from the request until it serves."""
    return (
        _timed(lambda: _by_hand(repository, place / f"hand-{number}")),
        _timed(lambda: product.deploy(f"bench-{number}", f"file://{repository}", **PYTHON)),
    )


def _rollback(product: _Product, number: int) -> float:
    """Seconds from the request to go back to a service's first deployment until it is live."""
    service = product.service(f"bench-{number}")
    first = service["live_deployment_id"]
    product.deploy_again(service["id"])
    return _timed(lambda: product.roll_back(first))


def _by_hand(repository: Path, into: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repository}", into], check=True)
    # The product gives every Python app an environment of its own, as one would by hand.
    subprocess.run([sys.executable, "-m", "venv", ".venv"], cwd=into, check=True)
    subprocess.run(["/bin/sh", "-c", SLOW_BUILD], cwd=into, check=True)
    with _serving(into, [sys.executable, "app.py"]):
        pass


@contextmanager
def _serving(place: Path, command: list[str]) -> Iterator[int]:
    port = _free_port()
    process = subprocess.Popen(command, cwd=place, env={**os.environ, "PORT": str(port)})
    try:
        while not _answers(port):
            time.sleep(HEALTHY_SECONDS)
        yield port
    finally:
        process.kill()
        process.wait()


def _apps() -> dict[str, tuple[str, str, str]]:
    """File, source and program of each app that the proxy is measured with."""
    apps = {"aiohttp": ("app.py", APP, sys.executable)}
    if node := shutil.which("node"):
        apps["node"] = ("app.js", NODE, node)
    return apps


def _throughput(product: _Product, name: str, place: Path, command: list[str]) -> float:
    """Requests a second through the proxy, in relation to those straight at the same app."""
    product.deploy(name, f"file://{place}", start_command=shlex.join(command))
    host = f"{name}.localhost"
    with _serving(place, command) as port:
        ratios = []
        for _ in range(ROUNDS):
            straight = rate(port, "localhost")
            ratios.append(rate(product.proxy_port, host) / straight)
    return statistics.median(ratios)


def _waking(product: _Product, sample: Path) -> float:
    """Seconds from the first request to a sleeping service to its answer."""
    product.deploy("sleeper", f"file://{sample}", min_instances=0)
    while product.service("sleeper")["status"] != "sleeping":
        time.sleep(0.2)
    headers = {"Host": f"sleeper.localhost:{product.proxy_port}"}
    url = f"http://127.0.0.1:{product.proxy_port}/"
    return _timed(lambda: httpx.get(url, headers=headers, timeout=30).raise_for_status())


def _second_build(product: _Product, repository: Path) -> float:
    """A service's second deployment in relation to its first, which downloads the packages.

    Each service has package caches of its own, so those of this machine and of other rounds have no
    part in it.
    """
    rounds = range(BUILD_ROUNDS)
    return statistics.median(_rebuilt(product, repository, number) for number in rounds)


def _rebuilt(product: _Product, repository: Path, number: int) -> float:
    began = time.perf_counter()
    first = product.deploy(f"{repository.name}-{number}", f"file://{repository}")
    seconds = time.perf_counter() - began
    return _timed(lambda: product.deploy_again(first["service_id"])) / seconds


def _repository(place: Path, files: dict[str, str]) -> Path:
    place.mkdir()
    for name, text in files.items():
        (place / name).write_text(text)
    for command in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(["git", *AUTHOR, *command], cwd=place, check=True)
    return place


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
