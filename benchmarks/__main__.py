"""Measures our handler against bare boto3, side by side, and prints the README's figures.

Both run against the same stub over TLS; rounds alternate, and a figure is the median of the
rounds' ratios, so that a busy machine slows both. ``make bench``.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .data import KEY

ROUNDS, REQUESTS = 15, 40
COLD_STARTS = 9


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        stub = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.stub", directory], stdout=subprocess.PIPE, text=True
        )
        try:
            port = stub.stdout.readline().strip() if stub.stdout else ""
            _report(_environment(Path(directory), port))
        finally:
            stub.kill()


def _report(environment: dict[str, str]) -> None:
    ours, bare = _Caller("ours", environment), _Caller("bare", environment)
    print("ours in relation to bare boto3, which is 1.00; the median of alternating rounds\n")
    for kind in ("list", "create"):
        print(f"  CPU of a {kind:<32}{_ratio(ours, bare, kind):.2f}", flush=True)
    print(f"  peak memory                             {ours.peak:.0f} MB (bare {bare.peak:.0f} MB)")
    cold = [_cold(environment) for _ in range(COLD_STARTS)]
    print(f"  cold import and first answer            {statistics.median(cold):.2f}")


def _ratio(ours: "_Caller", bare: "_Caller", kind: str) -> float:
    for caller in (ours, bare):
        caller.measure(kind, 20)
    rounds = [ours.measure(kind, REQUESTS) / bare.measure(kind, REQUESTS) for _ in range(ROUNDS)]
    return statistics.median(rounds)


def _cold(environment: dict[str, str]) -> float:
    ours, bare = (_Caller(name, environment).end() for name in ("ours", "bare"))
    return ours.cold / bare.cold


class _Caller:
    """A process that answers with one handler."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.caller", name, KEY.text]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, env=environment
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


def _environment(directory: Path, port: str) -> dict[str, str]:
    url = f"https://localhost:{port}"
    return os.environ | {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_SESSION_TOKEN": "t" * 400,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_CA_BUNDLE": str(directory / "certificate.pem"),
        "ORBITRA_TABLE_PREFIX": "bench-",
        "ORBITRA_QUEUE_URL": f"{url}/jobs",
    }


if __name__ == "__main__":
    main()
