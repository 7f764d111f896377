"""One measured process: answers events with one of the two handlers and says what it took.

Run as ``python -m benchmarks.caller ours|bare``: prints a line of JSON with the cold start, then
answers each line ``list 50`` or ``create 50`` on stdin with the CPU seconds of so many requests.
"""

import time

_BEGAN = time.perf_counter(), time.process_time()

import json  # noqa: E402 (the clock runs from here on)
import resource  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


def main() -> None:
    """Import, answer once, then measure as told."""
    handler = _ours() if sys.argv[1] == "ours" else _bare()
    _ask(handler, "list")
    wall, cpu = time.perf_counter() - _BEGAN[0], time.process_time() - _BEGAN[1]
    _say({"cold_seconds": wall, "cold_cpu_seconds": cpu})
    for line in sys.stdin:
        kind, times = line.split()
        started = time.process_time()
        for _ in range(int(times)):
            _ask(handler, kind)
        _say({"cpu_seconds": time.process_time() - started, "peak_mb": _peak_mb()})


def _ours() -> Handler:
    import app

    handler: Handler = app.app
    return handler


def _bare() -> Handler:
    from .bare import handler

    return handler


def _ask(handler: Handler, kind: str) -> None:
    answer = handler(EVENTS[kind], None)
    if answer["statusCode"] not in {200, 201}:
        raise RuntimeError(answer)


def _event(method: str, body: str | None) -> dict[str, Any]:
    """What API Gateway sends."""
    headers = {
        "Accept": "*/*",
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/json",
        "Host": "api.example.com",
        "User-Agent": "curl/8.9.1",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
    }
    return {
        "resource": "/v1/projects",
        "path": "/v1/projects",
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/v1/projects",
            "httpMethod": method,
            "path": "/prod/v1/projects",
            "stage": "prod",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(told: dict[str, float]) -> None:
    print(json.dumps(told), flush=True)


KEY = sys.argv[2] if len(sys.argv) > 2 else ""
EVENTS = {
    "list": _event("GET", None),
    "create": _event("POST", '{"name":"my-new-app","region":"us-west-2","framework":"nodejs"}'),
}

if __name__ == "__main__":
    main()
