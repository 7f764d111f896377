"""Workers and static sites: what may be asked of them, and what is answered."""

from typing import Any

from chalicelib import engines
from chalicelib.engines.simulated import SimulatedEngine
from tests.client import Client, Queue

URL = "http://127.0.0.1:1/user/repo.git"
PATH = "/api/web-services"


class WebOnly(SimulatedEngine):
    """An engine that runs nothing without a port."""

    project_types = frozenset({"web_service"})


def new(ada: Client, **fields: Any) -> Any:
    reply = ada.post(PATH, {"name": "one", "git_repository_url": URL, **fields})
    assert reply.status == 201, reply.text
    return reply.json()


def test_a_worker_has_no_address(ada: Client, queue: Queue) -> None:
    made = new(ada, project_type="worker")
    assert (made["project_type"], made["url"], made["subdomain"]) == ("worker", None, None)
    deployed = ada.post(f"{PATH}/{made['id']}/deployments", {}).json()
    queue.run_to_the_end()
    assert ada.get(f"{PATH}/{made['id']}").json()["status"] == "running"
    found = ada.get(f"{PATH}/{made['id']}/deployments/{deployed['id']}").json()
    assert (found["status"], found["url"]) == ("running", None)


def test_a_worker_never_sleeps(ada: Client) -> None:
    asleep = {"name": "two", "project_type": "worker", "min_instances": 0}
    reply = ada.post(PATH, asleep)
    assert reply.status == 400
    assert reply.json()["detail"].startswith("min_instances: a worker cannot sleep")
    path = f"{PATH}/{new(ada, min_instances=0)['id']}"
    assert ada.patch(path, {"project_type": "worker"}).status == 400
    both = {"project_type": "worker", "min_instances": 1}
    assert ada.patch(path, both).json()["url"] is None
    assert ada.patch(path, {"min_instances": 0}).status == 400


def test_the_type_can_be_changed_and_waits_for_a_roll_out(ada: Client, queue: Queue) -> None:
    made = new(ada, project_type="worker")
    path = f"{PATH}/{made['id']}"
    ada.post(f"{path}/deployments", {})
    queue.run_to_the_end()
    changed = ada.patch(path, {"project_type": "web_service"}).json()
    assert changed["subdomain"] == "one"
    assert changed["config_pending"] is True


def test_the_fields_of_a_static_site(ada: Client) -> None:
    made = new(ada, project_type="static_site", publish_directory="dist", spa=True)
    assert (made["publish_directory"], made["spa"]) == ("dist", True)
    path = f"{PATH}/{made['id']}"
    changed = ada.patch(path, {"publish_directory": None, "spa": False}).json()
    assert (changed["publish_directory"], changed["spa"]) == (None, False)
    assert changed["url"]


def test_an_engine_says_what_it_cannot_run(ada: Client) -> None:
    path = f"{PATH}/{new(ada)['id']}"
    engines.use(WebOnly())
    refused = [
        ada.post(PATH, {"name": "two", "project_type": "worker"}),
        ada.patch(path, {"project_type": "worker"}),
    ]
    assert [reply.status for reply in refused] == [400, 400]
    assert {reply.json()["detail"] for reply in refused} == {
        "project_type: this installation runs no worker"
    }
