"""Deployments that fail: in time, with a reason that fits, while the version before serves on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.local.conftest import until
from tests.local.deploying import SERVES, Shop, serves, shop
from tests.prove import PROVE

LOG_BYTES = 1_000_000
LIMITS = {
    "START_SECONDS": "4",
    "BUILD_SECONDS": "3",
    "MEMORY_BYTES": str(128 << 20),
    "PROCESSES": "60",
    "LOG_BYTES": str(LOG_BYTES),
}
TOO_LONG = "The build took longer than 0.05 minutes"
SLEEPS = "import time\ntime.sleep(600)"
HOG = f"held = bytearray(b'x') * (300 << 20)\n{SLEEPS}"
BOMB = """
import subprocess, time
for _ in range(5000):
    subprocess.Popen(["sleep", "60"])
time.sleep(60)
"""


@dataclass
class Fault:
    """What is deployed, and what the reason holds."""

    said: str
    app: str = SLEEPS
    fields: dict[str, Any] = field(default_factory=dict)


ENDING = {
    "dies": Fault("exit code 3", "import time, sys\ntime.sleep(2)\nsys.exit(3)"),
    "memory": Fault("The app used more than 128 MiB of memory and was ended", HOG),
    "processes": Fault("and was ended; make it start fewer.", BOMB),
    "broken build": Fault("exit code 7", fields={"build_command": "exit 7"}),
    "memory of a pre-deploy command": Fault(
        "used more than 128 MiB", fields={"pre_deploy_command": f'python3 -c "{HOG}"'}
    ),
}
GOING_ON = {
    "never listens": Fault("The app did not listen on a port within 4 seconds"),
    "is unwell": Fault(
        "/health did not answer 200 within 4 seconds; its last answer was 500",
        SERVES.replace('"1")', '"1", status=500)'),
    ),
    "wrong port": Fault(
        "The app listens on 8099; listen on the port in the environment variable PORT",
        SERVES.replace('int(os.environ["PORT"])', "8099"),
    ),
    "output": Fault("did not listen on a port", "while True: print('y' * 9999)"),
    "long build": Fault(TOO_LONG, fields={"build_command": "sleep 60"}),
    "output of a build": Fault(TOO_LONG, fields={"build_command": "yes"}),
}
FAULTS = ENDING | GOING_ON if PROVE else ENDING


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("o"), **LIMITS) as made:
        made.change(health_check_path="/health")
        yield made


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_fails_leaves_the_old_version_serving(one: Shop, fault: Fault) -> None:
    one.change(**{"build_command": None, "pre_deploy_command": None, **fault.fields})
    one.push(fault.app)
    with one.serving("1"):
        deployment = one.deploy()
        ended = one.ended(deployment)
        until(lambda: set(one.told(deployment).values()) >= {"deployment.failed"})
    assert ended["status"] == "failed"
    assert fault.said in ended["error_message"]
    assert one.status() == "running"
    assert sorted(one.told(deployment).values()) == ["deployment.created", "deployment.failed"]
    until(lambda: one.left_of(deployment) == [])
    assert max(map(size, (one.state / "run/logs").rglob("*.log*"))) < 1.1 * LOG_BYTES


def size(path: Path) -> int:
    return path.stat().st_size


def test_the_next_one_is_not_held_up(one: Shop) -> None:
    one.change(build_command=None, pre_deploy_command=None)
    one.push(serves("2"))
    with one.serving("1", "2"):
        one.go_live()
        assert one.page() == "2"
