"""Measures the package against bare boto3, side by side, and prints the README's figures.

Both are zips of ``deploy``, unpacked, run by AWS's own runtime client with the boto3 that a runtime
brings, and answered by the same stub over TLS. Rounds alternate, and a figure is the median of the
rounds' ratios, so that a busy machine slows both. ``make bench``; with ``--check`` it fails where
a figure is above its limit.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from deploy import roots
from tests.deploy.runtime import Function, bring, request, running

from . import packages
from .data import KEY

ROUNDS, REQUESTS, WARM_UP = 15, 100, 20
COLD_STARTS = 25
LIMITS = {"cold start": 1.00, "list": 0.70, "create": 0.95, "peak memory, MB": 64}
HEADERS = {
    "Accept": "*/*",
    "Authorization": f"Bearer {KEY.text}",
    "Content_Type": "application/json",
    "Host": "api.example.com",
    "User_Agent": "curl/8.9.1",
    "X_Forwarded_For": "192.0.2.1",
    "X_Forwarded_Proto": "https",
}
NEW = '{"name":"my-new-app","region":"us-west-2","framework":"nodejs"}'
EVENTS = {
    "list": request("GET", "/v1/projects", **HEADERS),
    "create": request("POST", "/v1/projects", body=NEW, **HEADERS),
}


class Case(NamedTuple):
    """What is measured: ``start`` starts it anew."""

    package: Path
    handler: str
    brought: Path
    variables: dict[str, str]

    @contextmanager
    def start(self) -> Iterator[Function]:
        """The function, its log thrown away."""
        with (
            Path(os.devnull).open("w") as log,
            running(self.package, self.handler, self.brought, log, **self.variables) as function,
        ):
            yield function


def main() -> None:
    """Measure and print; exit with 1 when checked and a limit is passed."""
    with TemporaryDirectory() as directory, _stub(Path(directory)) as variables:
        place = Path(directory)
        brought = bring(place / "runtime")
        package = packages.ours(place / "ours")
        trusting = partial(_trusting, variables, place / "certificate.pem")
        ours = Case(package, "app.api", brought, trusting(package / roots.FILE))
        bare = Case(packages.bare(place / "bare"), "bare.handler", brought, trusting(roots.TRUSTED))
        print("our package in relation to one of bare boto3 (1.00), limits in brackets")
        figures = _cold(ours, bare) | _warm(ours, bare, place / "calls")
    above = [name for name, figure in figures.items() if figure > LIMITS[name]]
    if above and "--check" in sys.argv:
        sys.exit(f"above the limit: {', '.join(above)}")


def _cold(ours: Case, bare: Case) -> dict[str, float]:
    """From the start of the process to the first answer."""
    rounds = [(_first_answer(ours), _first_answer(bare)) for _ in range(COLD_STARTS)]
    took, took_bare = (1000 * statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(one / another for one, another in rounds)
    more = f"{took:.0f} ms from start to first answer; bare: {took_bare:.0f}"
    return _told("cold start", ratio, f"{ratio:.2f} of the time", more)


def _first_answer(case: Case) -> float:
    began = time.perf_counter()
    with case.start() as function:
        _ask(function, "list")
        return time.perf_counter() - began


def _warm(ours: Case, bare: Case, calls: Path) -> dict[str, float]:
    figures: dict[str, float] = {}
    with ours.start() as mine, bare.start() as other:
        for kind in ("list", "create"):
            figures |= _cpu(kind, mine, other, calls)
        peak, more = _peak_mb(mine), f"bare: {_peak_mb(other):.0f}"
        return figures | _told("peak memory, MB", peak, f"{peak:.0f}", more)


def _cpu(kind: str, ours: Function, bare: Function, calls: Path) -> dict[str, float]:
    for function in (ours, bare):
        _spent(function, kind, WARM_UP)
    trips = [_trips(calls, function, kind) for function in (ours, bare)]
    rounds = [_spent(ours, kind, REQUESTS) / _spent(bare, kind, REQUESTS) for _ in range(ROUNDS)]
    ratio = statistics.median(rounds)
    more = "calls: {}; bare: {}".format(*trips)
    return _told(kind, ratio, f"{ratio:.2f} of the CPU", more)


def _spent(function: Function, kind: str, times: int) -> float:
    """The CPU seconds of so many requests."""
    process = psutil.Process(function.pid)
    before = process.cpu_times()
    for _ in range(times):
        _ask(function, kind)
    after = process.cpu_times()
    return after.user + after.system - before.user - before.system


def _ask(function: Function, kind: str) -> None:
    answer = function.call(EVENTS[kind])
    if answer["statusCode"] not in {200, 201}:
        raise RuntimeError(answer)


def _trips(calls: Path, function: Function, kind: str) -> str:
    """What one request of a warm process mostly calls: one in 64 divides a list besides."""
    return statistics.mode(_trip(calls, function, kind) for _ in range(5))


def _trip(calls: Path, function: Function, kind: str) -> str:
    before = len(calls.read_text("utf-8").splitlines())
    _ask(function, kind)
    made = calls.read_text("utf-8").splitlines()[before:]
    return ", ".join(name or "SendMessage" for name in sorted(made))


def _peak_mb(function: Function) -> float:
    """The most memory that the process has had (``VmHWM`` of proc(5), in kB)."""
    status = Path(f"/proc/{function.pid}/status").read_text("utf-8").splitlines()
    [line] = (line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _told(name: str, figure: float, shown: str, more: str) -> dict[str, float]:
    print(f"  {name:<16} {shown} [{LIMITS[name]}]  {more}", flush=True)
    return {name: figure}


@contextmanager
def _stub(place: Path) -> Iterator[dict[str, str]]:
    """The stub, and the variables by which a function finds it."""
    command = [sys.executable, "-m", "benchmarks.stub", str(place)]
    stub = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield _variables(stub.stdout.readline().strip() if stub.stdout else "")
    finally:
        stub.kill()
        stub.wait()


def _variables(port: str) -> dict[str, str]:
    url = f"https://localhost:{port}"
    return {
        "AWS_SESSION_TOKEN": "t" * 400,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "ORBITRA_TABLE_PREFIX": "bench-",
        "ORBITRA_QUEUE_URL": f"{url}/jobs",
    }


def _trusting(variables: dict[str, str], stub: Path, authorities: Path) -> dict[str, str]:
    """Trust the stub beside those trusted on Lambda: it takes its time to load them."""
    bundle = stub.with_name(f"{authorities.stem}-and-stub.pem")
    bundle.write_bytes(authorities.read_bytes() + stub.read_bytes())
    return variables | {"AWS_CA_BUNDLE": str(bundle)}


if __name__ == "__main__":
    main()
