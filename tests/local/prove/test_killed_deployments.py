"""``kill -9`` of the whole product in a deployment: started again, it tells the truth."""

import random
import time
from pathlib import Path

from tests.local.conftest import until
from tests.local.deploying import Shop, shop
from tests.local.prove.test_kills import processes_of
from tests.local.test_restart import UNLIMITED, kill_all
from tests.local.test_run import start

ROUNDS = 20
BUILD = "sleep 0.3"
LONGEST_SECONDS = 1.0  # about what a deployment takes with that
LEASE_AND_BUILD_SECONDS = 60 + 10
TOLD = {"live": "succeeded", "superseded": "succeeded", "failed": "failed", "canceled": "canceled"}


def test_every_deployment_ends_truthfully(tmp_path: Path) -> None:
    with shop(tmp_path) as one:
        one.change(build_command=BUILD)
        made = [killed_while_it_deploys(one, str(number)) for number in range(ROUNDS)]
        last = one.go_live(A="last")
        assert one.page("/A") == "last"
        print(*(one.shown(each)["status"] for each in made))
        until(lambda: all(is_told(one, each) for each in [*made, last]), 60)
        assert sorted(one.told(last).values()) == ["deployment.created", "deployment.succeeded"]
    until(lambda: processes_of(one.state) == [])


def killed_while_it_deploys(one: Shop, version: str) -> str:
    """Deploy a version, kill all, start all, and see the deployment to its end; its id."""
    before = one.page("/A")
    deployment = one.deploy(A=version)
    time.sleep(random.uniform(0, LONGEST_SECONDS))
    kill_all(one.run)
    one.run = start(one.state, ORBITRA_LIMITS=UNLIMITED)
    ended = until(lambda: one.end_of(deployment), LEASE_AND_BUILD_SECONDS)
    serves = version if ended["status"] == "live" else before
    assert ended["status"] == "live" or ended["error_message"]
    until(lambda: one.page("/A") == serves)
    one.settled("running")
    return deployment


def is_told(one: Shop, deployment: str) -> bool:
    """Whether its making and its end have been told, each as one event."""
    end = TOLD[one.shown(deployment)["status"]]
    return sorted(one.told(deployment).values()) == ["deployment.created", f"deployment.{end}"]
