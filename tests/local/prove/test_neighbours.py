"""What a service notices of a neighbour that takes all it can get: next to nothing."""

import statistics
import time
from collections.abc import Iterator

import pytest

from chalicelib.engines.base import Stage
from tests.local.conftest import APP, BARE, WEB, Proxied, Supervised, until

FLOODED = 1 << 28
FLOOD = f"""
import os, threading

def flood():
    written, block = 0, b"y" * 999 + b"\\n"
    while True:
        written += os.write(1, block * 64)
        os.environ["written"] = str(written)

threading.Thread(target=flood, daemon=True).start()
{APP}"""
# Headers and body in one packet: the second would wait for the first to be acknowledged.
PROMPT = APP.replace("    def do_GET", "    wbufsize = -1\n\n    def do_GET")
GREED = {
    "cores": "for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done",
    "memory": "python3 -c 'while True: held = bytearray(b\"x\") * (700 << 20)' &",
    "log": "yes &",
    "disk": "while :; do dd if=/dev/zero of=big bs=1M count=500 2>/dev/null; done &",
}
BOMB = "bomb() { bomb | bomb & }; bomb; sleep 60"


@pytest.fixture(scope="module")
def host(proxied: Proxied) -> str:
    """A service that minds its own business."""
    return proxied.serve({**WEB, "app.py": PROMPT})


def latency(proxied: Proxied, host: str) -> float:
    """The median of what an answer takes, in milliseconds."""
    return statistics.median(_times(proxied, host))


def _times(proxied: Proxied, host: str) -> Iterator[float]:
    for _ in range(500):
        began = time.perf_counter()
        assert proxied.get(host).status_code == 200
        yield 1000 * (time.perf_counter() - began)


def compare(before: float, meanwhile: float) -> None:
    said = f"{meanwhile:.2f} ms beside the neighbour, {before:.2f} ms without it"
    print(said)
    assert meanwhile <= 2 * before, said


def test_a_log_without_end(supervised: Supervised, proxied: Proxied, host: str) -> None:
    flooding = proxied.serve({**WEB, "app.py": FLOOD})
    until(lambda: int(proxied.get(flooding, "/written").text) > FLOODED, 120)
    assert proxied.get(host).status_code == 200
    logs = (supervised.state / "run/logs/services").iterdir()
    assert sum(each.stat().st_size for each in logs) < 1_000_000


@pytest.mark.parametrize("command", GREED.values(), ids=GREED)
def test_beside_a_greedy_app(
    supervised: Supervised, proxied: Proxied, host: str, command: str
) -> None:
    before = latency(proxied, host)
    release, progress = supervised.run(WEB, start_command=f"{command}\nexec python app.py")
    assert progress.stage is Stage.HEALTHY, progress.message
    meanwhile = latency(proxied, host)
    supervised.engine.cancel_release(release.release_id)
    compare(before, meanwhile)


@pytest.mark.parametrize("command", [*GREED.values(), BOMB], ids=[*GREED, "bomb"])
def test_beside_a_greedy_build(
    supervised: Supervised, proxied: Proxied, host: str, command: str
) -> None:
    before = latency(proxied, host)
    url = supervised.repository(BARE)
    builds = [supervised.begin_build(url, build_command=f"{command}\nsleep 60") for _ in range(4)]
    until(lambda: supervised.engine.build(builds[0]).stage is not Stage.CLONING)
    meanwhile = latency(proxied, host)
    for build in builds:
        supervised.engine.cancel(build.deployment_id)
    compare(before, meanwhile)
