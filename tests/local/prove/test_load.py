"""Through the API, under a steady load: whatever is done to a service, no request is lost."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.local.conftest import processes_of, until
from tests.local.deploying import Shop, serves, shop
from tests.local.test_proxy_load import Load

ROUNDS = 4


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path) as made:
        yield made


def test_nothing_is_lost(one: Shop) -> None:
    load = Load(one.run.proxy_port, "shop")
    with load.going_on():
        for _ in range(ROUNDS):
            deploys_and_rolls_back(one, load)
        assert load.failures("GET", "POST") == []
        for _ in range(ROUNDS):
            scales_and_loses_one(one, load)
    assert load.failures("GET") == []
    print(f"{len(load.outcomes)} requests")


def deploys_and_rolls_back(one: Shop, load: Load) -> None:
    first = one.go_live()
    load.wait_for("1")
    one.push(serves("2"))
    one.go_live()
    load.wait_for("2")
    restart(one)
    load.wait_for("2")
    one.must_be_live(one.roll_back(first))
    load.wait_for("1")
    one.push(serves("1"))


def scales_and_loses_one(one: Shop, load: Load) -> None:
    one.change(min_instances=3, max_instances=3)
    restart(one)
    apps = until(lambda: three(one))
    load.wait_for("1")
    apps[0].kill()
    load.wait_for("1")
    until(lambda: three(one))
    one.change(min_instances=1, max_instances=1)
    restart(one)
    load.wait_for("1")


def restart(one: Shop) -> None:
    one.run.api.post(f"{one.path}/restart").raise_for_status()
    one.settled("running")


def three(one: Shop) -> list[psutil.Process]:
    """The processes of the service, if they are three: those of a release before are gone."""
    found = processes_of(str(one.state))
    return found if len(found) == 3 else []
