"""What happens between the reading and the writing of a step."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import ids
from chalicelib.deployments import rollout, service
from chalicelib.deployments.store import Deployment
from chalicelib.engines.base import Build, Progress, Release, Stage
from chalicelib.engines.simulated import SimulatedEngine
from chalicelib.errors import Conflict
from chalicelib.http.call import Call, Caller
from chalicelib.jobs import Job, LookAgain
from chalicelib.jobs.worker import run
from chalicelib.services.store import Service
from chalicelib.store.transaction import Transaction
from tests.client import Client, Queue, make_due
from tests.deployments.test_rollout import URL, deploy, service_of, status

TENANT = "live#wks_1"


def test_canceled_while_it_is_built(
    ada: Client, queue: Queue, engine: SimulatedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(ada)
    look = engine.build

    def cancel_meanwhile(build: Build) -> Progress:
        ada.post(f"/v1/deployments/{deployment}/cancel")
        return look(build)

    monkeypatch.setattr(engine, "build", cancel_meanwhile)
    queue.run_to_the_end()
    assert status(ada, deployment) == "canceled"
    assert engine.started == []


def test_canceled_when_it_is_just_healthy(
    ada: Client, queue: Queue, engine: SimulatedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.jobs.job.wake", lambda _: None)  # the worker that would is dead
    deployment = deploy(ada)
    look = engine.start

    def cancel_meanwhile(release: Release) -> Progress:
        progress = look(release)
        if progress.stage is Stage.HEALTHY:
            ada.post(f"/v1/deployments/{deployment}/cancel")
        return progress

    monkeypatch.setattr(engine, "start", cancel_meanwhile)
    queue.run_to_the_end()
    assert status(ada, deployment) == "canceled"
    path = f"/api/web-services/{service_of(ada, deployment)}"
    assert ada.get(path).json()["status"] == "stopped"


def test_a_waiting_one_that_is_canceled_leaves_the_traffic_alone(
    ada: Client, queue: Queue, engine: SimulatedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even between the switch to another one and its record."""
    first = deploy(ada)
    queue.run_to_the_end()
    path = f"/api/web-services/{service_of(ada, first)}/deployments"
    second = ada.post(path, {}).json()["id"]
    while ada.get(f"{path}/{second}").json()["status"] != "deploying":
        make_due()
        queue.run_once()
    waiting = ada.post(path, {}).json()["id"]
    found = Deployment.of(tenant_of(ada), ids.parse("dep", waiting))
    assert found
    switch, serving = engine.switch, list[str]()

    def cancel_meanwhile(service_id: str, release_id: str, host: str) -> None:
        switch(service_id, release_id, host)
        ada.post(f"/v1/deployments/{waiting}/cancel")
        run(found.job_id)
        serving.append(engine.serving[service_id])

    monkeypatch.setattr(engine, "switch", cancel_meanwhile)
    queue.run_to_the_end()
    assert serving == [f"{ids.parse('dep', second)}-1"]
    assert (status(ada, second), status(ada, waiting)) == ("live", "canceled")


def test_canceled_between_two_steps(
    ada: Client, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that comes between the reading and the writing of a cancel does not refuse it."""
    deployment = deploy(ada)
    cancel, steps = service.cancel, 2

    def meanwhile(call: Call, read: Deployment) -> Deployment:
        nonlocal steps
        canceled = cancel(call, read)
        if steps:
            queue.run_once()
            steps -= 1
        return canceled

    monkeypatch.setattr(service, "cancel", meanwhile)
    reply = ada.post(f"/v1/deployments/{deployment}/cancel")
    assert (reply.status, reply.json()["status"]) == (200, "canceled")
    queue.run_to_the_end()
    assert status(ada, deployment) == "canceled"


def test_it_goes_live_while_it_is_canceled(ada: Client, queue: Queue) -> None:
    deployment = deploy(ada)
    workspace = tenant_of(ada)
    stale = Deployment.of(workspace, deployment)
    assert stale
    call = Call("POST", "/", known_caller=Caller("usr_1", workspace.partition("#")[2], "write"))
    service.cancel(call, stale)
    queue.run_to_the_end()
    with pytest.raises(Conflict):
        call.tx.commit()
    assert status(ada, deployment) == "live"


def test_one_job_of_two_has_the_service() -> None:
    stored = Service.new(
        TENANT, "svc_1", project_id="prj_1", name="api", subdomain="api", releases=0
    )
    tx = Transaction()
    tx.create(stored)
    tx.commit()
    first, second = (Service.of(TENANT, "svc_1") for _ in range(2))
    assert first
    assert second
    tx = Transaction()
    rollout.lock(tx, first, Job.key("job_1"), {})
    tx.commit()
    tx = Transaction()
    rollout.lock(tx, second, Job.key("job_2"), {})
    with pytest.raises(LookAgain):
        tx.commit()


def tenant_of(client: Client) -> str:
    made = client.post("/api/api-keys", {"name": "x", "scope": "read"}).json()
    key = client.bearer(made["plaintext_key"]).get("/api/users/me/api-key").json()
    return f"live#{ids.parse('wks', key['workspace_id'])}"


@pytest.mark.parametrize("environments", [[{}] * 4, [{"A": str(number)} for number in range(4)]])
def test_first_deployments_at_once_are_of_one_service(
    ada: Client, queue: Queue, environments: list[dict[str, str]]
) -> None:
    project = ada.post("/v1/projects", {"name": "shop"}).json()["id"]
    path = f"/v1/projects/{project}/deployments"
    bodies = [{"git_url": URL, "environment": each} for each in environments]
    with ThreadPoolExecutor(len(bodies)) as pool:
        replies = list(pool.map(lambda body: ada.post(path, body), bodies))
    assert [reply.status for reply in replies] == [201] * len(bodies)
    assert len({reply.json()["service_id"] for reply in replies}) == 1
    assert ada.get(path).json()["pagination"]["total"] == len(bodies)
    queue.run_to_the_end()
    statuses = sorted(one["status"] for one in ada.get(path).json()["data"])
    assert statuses == ["canceled", "canceled", "canceled", "live"]


def test_first_services_at_once_share_the_default_project(ada: Client) -> None:
    bodies = [{"name": f"service {number}"} for number in range(4)]
    with ThreadPoolExecutor(len(bodies)) as pool:
        replies = list(pool.map(lambda body: ada.post("/api/web-services", body), bodies))
    assert [reply.status for reply in replies] == [201] * len(bodies)
    assert len({reply.json()["project_id"] for reply in replies}) == 1
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 1


def test_services_of_one_name_at_once_get_hosts_of_their_own(ada: Client) -> None:
    projects = [ada.post("/v1/projects", {"name": "x"}).json()["id"] for _ in range(4)]
    bodies = [{"name": "shop", "project_id": each} for each in projects]
    with ThreadPoolExecutor(len(bodies)) as pool:
        replies = list(pool.map(lambda body: ada.post("/api/web-services", body), bodies))
    assert [reply.status for reply in replies] == [201] * len(bodies)
    assert len({reply.json()["subdomain"] for reply in replies}) == len(bodies)
