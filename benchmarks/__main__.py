"""Measures our handler against bare boto3, side by side, and prints the README's figures.

Both run against the same stub over TLS; rounds alternate, and a figure is the median of the
rounds' ratios, so that a busy machine slows both. ``make bench``; with ``--check`` it fails where
a figure is above its limit.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import package
from .data import KEY

ROUNDS, REQUESTS = 15, 40
COLD_STARTS = 15
LIMITS = {"list": 0.70, "create": 0.95, "cold start": 1.00, "peak memory, MB": 64}


def main() -> None:
    """Measure and print; exit with 1 when checked and a limit is passed."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        stub = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.stub", directory], stdout=subprocess.PIPE, text=True
        )
        try:
            port = stub.stdout.readline().strip() if stub.stdout else ""
            figures = _measure(place, _environment(place, port))
        finally:
            stub.kill()
    above = [name for name, figure in figures.items() if figure > LIMITS[name]]
    if above and "--check" in sys.argv:
        sys.exit(f"above the limit: {', '.join(above)}")


def _measure(place: Path, environment: dict[str, str]) -> dict[str, float]:
    """The figures by their names, printed as they come."""
    (place / "package").mkdir()
    package.make(place / "package")
    package.pad(place / "package")
    ours, bare = _Caller("ours", environment), _Caller("bare", environment)
    print(f"ours with {package.ROUTES} routes in relation to bare boto3 (1.00), limits in brackets")
    figures = {}
    for kind in ("list", "create"):
        figures[kind] = _ratio(ours, bare, kind)
        trips = (_trips(place, caller, kind) for caller in (ours, bare))
        _print(kind, f"{figures[kind]:.2f} of the CPU", "calls: {}; bare: {}".format(*trips))
    figures["cold start"] = statistics.median(_cold(environment) for _ in range(COLD_STARTS))
    _print("cold start", f"{figures['cold start']:.2f} of the time", "import and first answer")
    figures["peak memory, MB"] = ours.peak
    _print("peak memory, MB", f"{ours.peak:.0f}", f"bare: {bare.peak:.0f}")
    return figures


def _print(name: str, figure: str, more: str) -> None:
    print(f"  {name:<16} {figure} [{LIMITS[name]}]  {more}", flush=True)


def _ratio(ours: "_Caller", bare: "_Caller", kind: str) -> float:
    for caller in (ours, bare):
        caller.measure(kind, 20)
    rounds = [ours.measure(kind, REQUESTS) / bare.measure(kind, REQUESTS) for _ in range(ROUNDS)]
    return statistics.median(rounds)


def _cold(environment: dict[str, str]) -> float:
    ours, bare = (_Caller(name, environment).end() for name in ("ours", "bare"))
    return ours.cold / bare.cold


def _trips(place: Path, caller: "_Caller", kind: str) -> str:
    """What one request of a warm process mostly calls: one in 64 divides a list besides."""
    return statistics.mode(_trip(place / "calls", caller, kind) for _ in range(5))


def _trip(calls: Path, caller: "_Caller", kind: str) -> str:
    before = len(calls.read_text("utf-8").splitlines())
    caller.measure(kind, 1)
    made = calls.read_text("utf-8").splitlines()[before:]
    return ", ".join(name or "SendMessage" for name in sorted(made))


class _Caller:
    """A process that answers with one handler."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.caller", name, KEY.text]
        pipe = subprocess.PIPE
        place = environment["ORBITRA_BENCH_PACKAGE"]
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=place
        )
        self.cold = float(self._read()["cold_seconds"])
        self.peak = 0.0

    def measure(self, kind: str, times: int) -> float:
        """The CPU seconds of so many requests."""
        assert self._process.stdin  # noqa: S101 (it is a pipe)
        self._process.stdin.write(f"{kind} {times}\n")
        self._process.stdin.flush()
        told = self._read()
        self.peak = float(told["peak_mb"])
        return float(told["cpu_seconds"])

    def end(self) -> "_Caller":
        """Let the process end."""
        self._process.communicate()
        return self

    def _read(self) -> Any:
        assert self._process.stdout  # noqa: S101 (it is a pipe)
        return json.loads(self._process.stdout.readline())


def _environment(place: Path, port: str) -> dict[str, str]:
    url = f"https://localhost:{port}"
    return os.environ | {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_SESSION_TOKEN": "t" * 400,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_CA_BUNDLE": str(place / "certificate.pem"),
        "ORBITRA_TABLE_PREFIX": "bench-",
        "ORBITRA_QUEUE_URL": f"{url}/jobs",
        "ORBITRA_BENCH_PACKAGE": str(place / "package"),
        "PYTHONPATH": str(package.SOURCES),
    }


if __name__ == "__main__":
    main()
