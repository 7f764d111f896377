"""Workspaces: made, listed, renamed, deleted; whose plan holds."""

from concurrent.futures import ThreadPoolExecutor

from chalicelib.store.transaction import Transaction
from chalicelib.workspaces import service
from tests.client import Client, Queue
from tests.contract.world import tenant_of
from tests.workspaces.people import in_workspace, set_plan


def own(client: Client) -> str:
    return tenant_of(client).partition("#")[2]


def test_everyone_has_a_personal_one(ada: Client) -> None:
    [only] = ada.get("/v1/workspaces").json()["data"]
    assert only["name"] == "ada's workspace"
    assert (only["role"], only["is_personal"], only["plan"]) == ("owner", True, "free")
    assert ada.get(f"/v1/workspaces/{only['id']}").json() == only
    assert ada.delete(f"/v1/workspaces/{only['id']}").status == 409
    renamed = ada.patch(f"/v1/workspaces/{only['id']}", {"name": "Home"})
    assert renamed.json()["name"] == "Home"
    assert ada.get("/v1/workspaces").json()["data"][0]["name"] == "Home"


def test_a_free_account_owns_one(ada: Client) -> None:
    refused = ada.post("/v1/workspaces", {"name": "Acme"})
    assert refused.status == 402
    assert refused.json()["error"]["code"] == "payment_required"
    set_plan(ada, "professional")
    made = ada.post("/v1/workspaces", {"name": "Acme"})
    assert made.status == 201, made.text
    assert made.json()["plan"] == "professional"


def test_a_professional_one_ten_however_many_at_once(ada: Client) -> None:
    set_plan(ada, "professional")

    def create(number: int) -> int:
        return ada.post("/v1/workspaces", {"name": f"w{number}"}).status

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(create, range(12))) == [201] * 9 + [402] * 3
    assert ada.get("/v1/workspaces").json()["pagination"]["total"] == 10


def test_the_header_chooses(ada: Client) -> None:
    set_plan(ada, "professional")
    acme = ada.post("/v1/workspaces", {"name": "Acme"}).json()["id"]
    there = in_workspace(ada, acme)
    assert there.post("/v1/projects", {"name": "in acme"}).status == 201
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 0
    assert [one["name"] for one in there.get("/v1/projects").json()["data"]] == ["in acme"]
    from chalicelib import ids

    by_uuid = in_workspace(ada, ids.to_uuid(acme))
    assert by_uuid.get("/v1/projects").json()["pagination"]["total"] == 1


def test_a_workspace_of_others_cannot_be_chosen(ada: Client, bob: Client) -> None:
    theirs = own(bob)
    answers = {
        in_workspace(ada, wrong).get("/v1/projects").status
        for wrong in (theirs, "x", "wks_01m7y0fppje0y9thwrqb1ygz38", theirs.replace("wks", "prj"))
    }
    assert answers == {401}
    key = ada.key("read")
    assert in_workspace(key, theirs).get("/v1/projects").status == 401
    assert in_workspace(key, own(ada)).get("/v1/projects").status == 200


def test_deleted(ada: Client, queue: Queue) -> None:
    set_plan(ada, "professional")
    acme = ada.post("/v1/workspaces", {"name": "Acme"}).json()["id"]
    there = in_workspace(ada, acme)
    key = there.key("admin")
    project = there.post("/v1/projects", {"name": "x"}).json()["id"]
    left = ada.delete(f"/v1/workspaces/{acme}")
    assert left.status == 409
    assert "projects" in left.text
    assert there.delete(f"/v1/projects/{project}").status == 200
    assert ada.delete(f"/v1/workspaces/{acme}").status == 204
    assert key.get("/v1/projects").status == 401
    assert there.get("/v1/projects").status == 401
    assert ada.get(f"/v1/workspaces/{acme}").status == 404
    assert ada.get("/v1/workspaces").json()["pagination"]["total"] == 1
    queue.run_to_the_end()
    for _ in range(9):
        assert ada.post("/v1/workspaces", {"name": "again"}).status == 201
    assert ada.post("/api/auth/logout").status == 204


def test_keys_see_their_own_workspace_only(ada: Client) -> None:
    set_plan(ada, "professional")
    acme = ada.post("/v1/workspaces", {"name": "Acme"}).json()["id"]
    key = ada.key("admin")
    assert [one["id"] for one in key.get("/v1/workspaces").json()["data"]] == [own(ada)]
    assert key.get(f"/v1/workspaces/{acme}").status == 404
    assert key.post("/v1/workspaces", {"name": "x"}).status == 403


def test_the_operators_figures(ada: Client) -> None:
    tx = Transaction()
    service.set_limits(tx, tenant_of(ada), {"hour": 50_000, "minute": None})
    tx.commit()
    reply = ada.get("/v1/projects")
    assert reply.headers["X-RateLimit-Limit"] == "50000"
    assert '"minute";q=1000000;w=60' in reply.headers["RateLimit-Policy"]
    assert '"ten-minutes";q=600;w=600' in reply.headers["RateLimit-Policy"]
