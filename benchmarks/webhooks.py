"""Measures deliveries of webhooks a second by one worker, beside the bare posts.

``make bench-webhooks``. Both send the same body to the same receiver on loopback, ten at once and
each over a connection of its own, in turns; a figure is the median of the rounds' ratios. What
DynamoDB answers to a delivery is replayed from the first one: the worker's own work is measured.
"""

# ruff: noqa: E402 (AWS is in place before anything of ours reads its settings)

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from unittest.mock import patch

from local import aws

os.environ |= {"ORBITRA_WEBHOOK_SCHEMES": "http", "ORBITRA_ALLOW_LOOPBACK": "true"}
aws.start()


from chalicelib import features, ids
from chalicelib.jobs import worker
from chalicelib.store.transaction import Transaction
from chalicelib.store.wire import Answer, Wire
from chalicelib.webhooks import events, secrets, signing, store
from chalicelib.webhooks.store import Delivery, Webhook

ROUNDS, BATCHES, AT_ONCE = 7, 20, 10
TENANT = f"live#{ids.new('wks')}"
RECEIVER = """
import asyncio, sys
from aiohttp import web

arrived = 0

async def take(request):
    global arrived
    await request.read()
    arrived += 1
    await asyncio.sleep(float(sys.argv[1]))
    return web.Response(text="ok")

async def tell(_):
    global arrived
    told, arrived = arrived, 0
    return web.Response(text=str(told))

async def serve():
    app = web.Application()
    app.router.add_post("/", take)
    app.router.add_get("/", tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""


def main() -> None:
    """Measure and print."""
    features.all_routes()
    print(f"one worker, {AT_ONCE} deliveries at once, in relation to bare posts (1.00)")
    for name, seconds in {"at once": 0.0, "after 0.1 s": 0.1}.items():
        with _receiver(seconds) as port:
            rounds = [_round(port) for _ in range(ROUNDS)]
        ours, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(mine / theirs for mine, theirs in rounds)
        told = f"{ours:.0f} deliveries a second; bare: {bare:.0f} posts"
        print(f"  a receiver that answers {name:<12} {ratio:.2f}  {told}")


def _round(port: int) -> tuple[float, float]:
    """Deliveries, and bare posts, a second."""
    webhook = _webhook(port)
    delivery = _delivery(webhook)
    record = {"messageId": "1", "body": json.dumps({"job_id": delivery.job_id})}
    with _replayed():
        worker.receive([record])
        ours = _rate(lambda: [worker.receive([record] * AT_ONCE) for _ in range(BATCHES)])
    _check(port, 1 + BATCHES * AT_ONCE)
    found = store.delivery(TENANT, webhook.id, delivery.id)
    bare = _bare(port, delivery.body.encode(), found.sent_headers if found else {})
    _check(port, BATCHES * AT_ONCE)
    return ours, bare


def _bare(port: int, body: bytes, headers: dict[str, str]) -> float:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = [(port, "POST", body, headers)] * BATCHES * AT_ONCE
        return _rate(lambda: list(pool.map(_ask, *zip(*sent, strict=True))))


def _rate(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return BATCHES * AT_ONCE / (time.perf_counter() - began)


def _webhook(port: int) -> Webhook:
    webhook_id = ids.new(Webhook.KIND)
    sealed = secrets.sealed(TENANT, webhook_id, signing.generate())
    url = f"http://127.0.0.1:{port}/"
    made = Webhook.new(TENANT, webhook_id, url=url, events=["*"], sealed=sealed)
    made.save()
    return made


def _delivery(webhook: Webhook) -> Delivery:
    tx = Transaction()
    made = events.test(tx, webhook)
    tx.commit()
    return made


@contextmanager
def _replayed() -> Iterator[None]:
    """Let each call of DynamoDB be answered as it was the first time."""
    known: dict[tuple[str, bytes], Answer] = {}
    real = Wire._exchange

    def exchange(wire: Wire, operation: str, request: Any) -> Answer:
        key = (operation, request.data if operation == "GetItem" else b"")
        if key not in known:
            known[key] = real(wire, operation, request)
        return known[key]

    with patch.object(Wire, "_exchange", exchange):
        yield


def _check(port: int, sent: int) -> None:
    """Raise ``RuntimeError`` unless so much has arrived since this was last asked."""
    arrived = int(_ask(port, "GET", b"", {}))
    if arrived != sent:
        raise RuntimeError(f"{arrived} of {sent} have arrived")


def _ask(port: int, method: str, body: bytes, headers: dict[str, str]) -> bytes:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request(method, "/", body, headers)
    answer = connection.getresponse().read()
    connection.close()
    return answer


@contextmanager
def _receiver(seconds: float) -> Iterator[int]:
    """The port of a receiver that answers after so many seconds, in a process of its own."""
    command = [sys.executable, "-c", RECEIVER, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline() if process.stdout else "")
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
