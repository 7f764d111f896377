"""Idempotency-Key: nothing happens twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from time_machine import Traveller

from chalicelib.jobs import Job
from tests.client import Client, Reply
from tests.faults import Fault, after, before, fault, refusing
from tests.prove import PROVE

BODY = {"name": "once"}


def post(client: Client, key: str = "k", body: object = BODY, path: str = "/v1/projects") -> Reply:
    return client.post(path, body, Idempotency_Key=key)


def total(client: Client) -> int:
    found: int = client.get("/v1/projects").json()["pagination"]["total"]
    return found


def set_ups() -> int:
    return sum(job.kind == "project.set-up" for job in Job.scan())


def test_a_replay_is_the_first_answer_byte_for_byte(ada: Client) -> None:
    first, second = post(ada), post(ada)
    assert (first.status, second.status) == (201, 201)
    assert second.text == first.text
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert total(ada) == 1


@pytest.mark.parametrize("round_", range(20 if PROVE else 3))
def test_of_fifty_at_once_one_is_done(ada: Client, round_: int) -> None:
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: post(ada), range(50)))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.text for reply in replies}) == 1
    assert sum("Idempotent-Replayed" in reply.headers for reply in replies) == 49
    assert (total(ada), set_ups()) == (1, 1)


def test_another_body_is_refused(ada: Client) -> None:
    post(ada)
    for other in ({"name": "twice"}, {"name": "once", "region": "us-west-2"}, {}):
        reply = post(ada, body=other)
        assert reply.status == 422
        assert reply.json()["error"]["code"] == "idempotency_key_reuse"
    assert total(ada) == 1


def test_the_same_json_written_otherwise_is_the_same(ada: Client) -> None:
    first = ada.call(
        "POST", "/v1/projects", b'{"name":"a","region":"us-east-1"}', Idempotency_Key="k"
    )
    other = b'{ "region": "us-east-1",\n "name": "a" }'
    again = ada.call("POST", "/v1/projects/", other, Idempotency_Key="k")
    assert again.text == first.text


def test_other_bodies_at_once(ada: Client) -> None:
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda n: post(ada, body={"name": f"p{n}"}), range(20)))
    assert sorted(reply.status for reply in replies) == [201] + [422] * 19
    assert total(ada) == 1


def test_scope_is_workspace_method_path_and_key(ada: Client, bob: Client) -> None:
    mine, theirs = post(ada).json()["id"], post(bob).json()["id"]
    assert mine != theirs
    assert post(ada, "other").json()["id"] != mine
    public = post(ada, path="/api/projects")
    assert public.status == 201
    assert total(ada) == 3
    assert post(ada, path="/api/v1/projects").text == public.text


def test_either_spelling_of_an_id_is_one_path(ada: Client) -> None:
    typeid = ada.post("/v1/projects", {"name": "x"}).json()["id"]
    uuid = ada.get("/api/projects").json()["projects"][0]["id"]
    body = {"git_url": "https://github.com/user/repo.git"}
    first = post(ada, body=body, path=f"/v1/projects/{typeid}/deployments")
    again = post(ada, body=body, path=f"/v1/projects/{uuid}/deployments")
    assert first.status == 201, first.text
    assert again.text == first.text


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "tab\t"])
def test_bad_keys(ada: Client, key: str) -> None:
    reply = post(ada, key)
    assert reply.status == 400
    assert reply.json()["error"]["details"]["fields"][0]["field"] == "Idempotency-Key"
    sites = post(ada, key, {"name": "x", "scope": "read"}, "/api/account/api-keys")
    assert sites.json()["error"]["code"] == "INVALID_IDEMPOTENCY_KEY"
    assert total(ada) == 0


def test_only_what_went_well_is_kept(ada: Client) -> None:
    assert post(ada, body={"name": ""}).status == 400
    assert post(ada).status == 201


def test_a_day_by_the_clock(anyone: Client, ada: Client, clock: Traveller) -> None:
    key = ada.key("admin")
    first = post(key).json()["id"]
    clock.shift(86_390)
    assert post(key).json()["id"] == first
    clock.shift(11)
    assert post(key).json()["id"] != first
    assert total(key) == 2


def test_credentials_and_scope_are_checked_anew(ada: Client) -> None:
    writer, reader = ada.key("write"), ada.key("read")
    post(writer)
    assert post(reader).status == 403
    assert post(ada.bearer("ak_live_x")).status == 401


def test_a_key_shown_once_is_shown_again_to_the_same_request(ada: Client) -> None:
    body = {"name": "ci", "scope": "read"}
    made = post(ada, body=body, path="/api/api-keys")
    again = post(ada, body=body, path="/api/api-keys")
    assert again.json()["plaintext_key"] == made.json()["plaintext_key"]
    assert ada.get("/api/api-keys").json()["total"] == 1


def test_kept_answers_are_encrypted(ada: Client) -> None:
    from chalicelib.store.items import table
    from chalicelib.store.wire import wire

    made = post(ada, body={"name": "ci", "scope": "read"}, path="/api/api-keys").json()
    stored = wire()._make_api_call("Scan", {"TableName": table("resources")})["Items"]
    kept = [item for item in stored if item["pk"]["S"].endswith("#idm")]
    assert len(kept) == 1
    assert made["plaintext_key"][16:] not in repr(stored)


def test_the_process_ends_between_commit_and_answer(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.store.transaction import Transaction

    ada.post("/v1/projects", BODY, Idempotency_Key="first")
    commit = Transaction.commit

    def killed(tx: Transaction) -> None:
        commit(tx)
        raise SystemExit

    monkeypatch.setattr(Transaction, "commit", killed)
    assert post(ada).status == 502
    monkeypatch.undo()
    replayed = post(ada)
    assert replayed.status == 201
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert (total(ada), set_ups()) == (2, 2)


FAULTS: dict[str, tuple[Fault, int]] = {
    "before": (before, 1),
    "before, for good": (before, 100),
    "after": (after, 1),
    "throttled thrice": (refusing("ProvisionedThroughputExceededException"), 3),
    "throttled for good": (refusing("ThrottlingException"), 100),
    "in trouble": (refusing("InternalServerError"), 1),
    "conflict": (refusing("TransactionCanceledException", ["TransactionConflict"]), 2),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("with_key", [True, False])
def test_faults_at_each_call(ada: Client, name: str, with_key: bool) -> None:
    fail, times = FAULTS[name]
    headers = {"Idempotency_Key": "k"} if with_key else {}
    ada.post("/v1/projects", BODY)  # the workspace has its data key
    made = 1
    for skip in range(4):
        operation = "TransactWriteItems" if name == "conflict" else ""
        with fault(fail, skip=skip, times=times, operation=operation):
            reply = ada.post("/v1/projects", {"name": f"p{skip}"}, **keyed(headers, skip))
        assert reply.status in {201, 503}, (skip, reply.text)
        if reply.status == 503:
            assert int(reply.headers["Retry-After"]) > 0
            assert "once" not in name
        made += reply.status == 201
        assert total(ada) == made, skip
        if with_key:
            again = ada.post("/v1/projects", {"name": f"p{skip}"}, **keyed(headers, skip))
            made += reply.status == 503
            assert again.status == 201
            assert total(ada) == made, skip


def keyed(headers: dict[str, str], number: int) -> dict[str, str]:
    return {name: f"{value}{number}" for name, value in headers.items()}
