"""Projects: set up by a job, changed, torn down by a job."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Client, Queue


def new(ada: Client, **fields: str) -> dict[str, str]:
    reply = ada.post("/v1/projects", {"name": "my-app", **fields})
    assert reply.status == 201, reply.text
    made: dict[str, str] = reply.json()
    return made


def test_a_job_makes_it_active(ada: Client, queue: Queue) -> None:
    project = new(ada)
    assert project["status"] == "pending"
    queue.run_to_the_end()
    assert ada.get(f"/v1/projects/{project['id']}").json()["status"] == "active"


def test_deleted_before_it_was_set_up(ada: Client, queue: Queue) -> None:
    project = new(ada)
    assert ada.delete(f"/v1/projects/{project['id']}").status == 200
    queue.run_to_the_end()
    assert ada.get("/v1/projects").json()["data"] == []
    assert queue.dead() == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("us-east", "us-east-1"), ("eu-west", "eu-west-1"), ("ap-south", "ap-south-1")],
)
def test_aliases_of_regions(ada: Client, sent: str, kept: str) -> None:
    assert new(ada, region=sent)["region"] == kept


def test_names_may_repeat(ada: Client) -> None:
    assert new(ada)["id"] != new(ada)["id"]


def test_only_what_is_sent_is_changed(ada: Client) -> None:
    project = new(ada, description="old", framework="nodejs")
    path = f"/v1/projects/{project['id']}"
    changed = ada.patch(path, {"description": "new"}).json()
    assert (changed["description"], changed["framework"]) == ("new", "nodejs")
    assert ada.patch(path, {"framework": None}).json()["framework"] is None
    assert ada.get(path).json()["description"] == "new"


def test_one_of_ten_deletes_at_once(ada: Client) -> None:
    path = f"/v1/projects/{new(ada)['id']}"
    with ThreadPoolExecutor(10) as pool:
        statuses = sorted(reply.status for reply in pool.map(ada.delete, [path] * 10))
    assert statuses == [200] + [404] * 9
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 0


def test_the_total_is_exact_when_many_are_made_at_once(ada: Client) -> None:
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: new(ada), range(30)))
    listed = ada.get("/v1/projects?limit=100").json()
    assert len(listed["data"]) == listed["pagination"]["total"] == 30
    assert [one["id"] for one in listed["data"]] == sorted(
        (one["id"] for one in listed["data"]), reverse=True
    )
