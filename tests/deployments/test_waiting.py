"""``?wait=``: answers at the end of the deployment, for three callers of a workspace at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Client, Queue
from tests.deployments.test_rollout import deploy


def test_it_answers_when_the_deployment_is_over(ada: Client, queue: Queue) -> None:
    deployment = deploy(ada)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ada.get, f"/v1/deployments/{deployment}?wait=25")
        queue.run_to_the_end()
        assert waiting.result(timeout=10).json()["status"] == "live"


def test_it_answers_with_the_state_when_the_time_is_over(ada: Client) -> None:
    reply = ada.get(f"/v1/deployments/{deploy(ada)}?wait=1")
    assert (reply.status, reply.json()["status"]) == (200, "building")


def test_three_wait_at_once(ada: Client, bob: Client, queue: Queue) -> None:
    deployment = deploy(ada)
    theirs = deploy(bob, name="other")
    path = f"/v1/deployments/{deployment}?wait=25"
    begun = threading.Semaphore(0)

    def wait() -> int:
        begun.release()
        return ada.get(path).status

    with ThreadPoolExecutor(8) as pool:
        replies = [pool.submit(wait) for _ in range(8)]
        for _ in replies:
            begun.acquire()
        assert bob.get(f"/v1/deployments/{theirs}?wait=1").status == 200
        queue.run_to_the_end()
        statuses = sorted(reply.result(timeout=30) for reply in replies)
    assert statuses == [200, 200, 200, 429, 429, 429, 429, 429]
    assert ada.get(path).status == 200


@pytest.mark.parametrize("wait", ["-1", "26", "x", "1.5"])
def test_out_of_range(ada: Client, wait: str) -> None:
    assert ada.get(f"/v1/deployments/{deploy(ada)}?wait={wait}").status == 400
