"""A rollback restores the code and the configuration, without a build."""

import shutil
import time
from collections.abc import Iterator

import pytest

from tests.local.deploying import Shop, serves, shop

SECONDS = 10


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("o")) as made:
        yield made


def test_there_and_back_again(one: Shop) -> None:
    [first] = versions(one)
    one.push(serves("2"))
    second = one.go_live(A="2")
    assert (one.page(), one.page("/A")) == ("2", "2")
    one.change(build_command="echo x >built; exit 1")
    for target, version in [(first, "1"), (second, "2")] * 2:
        with one.serving("1", "2"):
            began = time.monotonic()
            back = one.must_be_live(one.roll_back(target))
            assert time.monotonic() - began < SECONDS
            assert (one.page(), one.page("/A")) == (version, version)
        assert one.shown(back)["commit"] == one.shown(target)["commit"]
        assert one.shown(target)["status"] == "superseded"
        assert not (one.state / "run/artifacts" / back).exists()


def versions(one: Shop) -> list[str]:
    listed = one.run.api.get(f"/v1/projects/{one.project}/deployments").json()
    return [each["id"] for each in listed["data"] if each["status"] in {"live", "superseded"}]


def test_a_failed_one_cannot_be_rolled_back_to(one: Shop) -> None:
    one.change(build_command="exit 1")
    failed = one.deploy()
    assert one.ended(failed)["status"] == "failed"
    refused = one.run.api.post(f"/v1/deployments/{failed}/rollback")
    assert refused.status_code == 409
    assert "was live" in refused.json()["error"]["message"]


def test_an_artifact_that_is_gone(one: Shop) -> None:
    one.change(build_command=None)
    target = one.go_live()
    one.go_live()
    shutil.rmtree(one.state / "run/artifacts" / target)
    with one.serving(one.page()):
        ended = one.ended(one.roll_back(target))
    assert ended["status"] == "failed"
    assert "no longer kept; deploy it again" in ended["error_message"]
