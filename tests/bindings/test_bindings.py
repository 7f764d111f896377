"""Bindings, and what a service gets by them."""

from itertools import chain, combinations

import pytest

from tests.client import Client
from tests.configuration import URL, Configured, new_service

SCOPES = ("production", "staging", "development")
CHAINS = {
    "production": ("production",),
    "staging": ("staging", "production"),
    "development": ("development", "staging", "production"),
}
SUBSETS = list(chain.from_iterable(combinations(SCOPES, size) for size in range(1, 4)))


def test_seed_001(api: Configured) -> None:
    password, redis = api.secret("PASSWORD", "p"), api.secret("REDIS", "r")
    sent = {"project_secret_id": password["id"], "alias_key": "DB_PASSWORD"}
    made = api.client.post(api.bindings, sent)
    assert made.status == 201
    one = made.json()
    assert one == {**one, **sent, "secret_key": "PASSWORD"}
    assert api.client.get(api.bindings).json() == {"secret_bindings": [one], "total": 1}
    both = [sent, {"project_secret_id": redis["id"], "alias_key": "REDIS_URL"}]
    replaced = api.client.put(f"{api.bindings}/bulk", {"bindings": both}).json()
    assert replaced["total"] == 2
    assert replaced["secret_bindings"][0] == one
    assert {key: row["value"] for key, row in api.resolved().items()} == {
        "DB_PASSWORD": "p",
        "REDIS_URL": "r",
    }
    assert api.client.delete(f"{api.bindings}/{one['id']}").status == 204
    assert set(api.resolved()) == {"REDIS_URL"}


@pytest.mark.parametrize("environment", CHAINS)
@pytest.mark.parametrize("scopes", SUBSETS, ids="+".join)
def test_the_chain(api: Configured, environment: str, scopes: tuple[str, ...]) -> None:
    """The scope of the environment, else the next that is more like production; never less."""
    made = [api.secret("K", f"of {scope}", scope) for scope in scopes]
    api.bind(made[0])
    api.client.patch(api.path, {"environment": environment})
    found = [scope for scope in CHAINS[environment] if scope in scopes]
    resolved = api.resolved()
    assert list(resolved) == (["K"] if found else [])
    if found:
        assert (resolved["K"]["value"], resolved["K"]["scope"]) == (f"of {found[0]}", found[0])
        assert [row["scope"] for row in resolved["K"]["shadows"]] == found[1:]


def test_a_variable_of_its_own_wins(api: Configured) -> None:
    secret = api.secret("K", "theirs")
    api.bind(secret)
    api.set("K", "mine")
    found = api.resolved()["K"]
    assert (found["value"], found["source"], found["secret_id"]) == ("mine", "env", None)
    [hidden] = found["shadows"]
    assert (hidden["value"], hidden["source"]) == ("theirs", "secret")
    assert hidden["secret_id"] == secret["id"]


def test_a_name_that_is_bound(api: Configured) -> None:
    first, second = api.secret("A", "1"), api.secret("B", "2")
    api.bind(first, "X")
    sent = {"project_secret_id": second["id"], "alias_key": "X"}
    assert api.client.post(api.bindings, sent).status == 409
    twice = api.client.put(f"{api.bindings}/bulk", {"bindings": [sent, sent]})
    assert twice.status == 400
    assert "bindings.1.alias_key" in twice.json()["detail"]
    assert api.resolved()["X"]["value"] == "1"


def test_get_then_put_changes_nothing(api: Configured) -> None:
    api.bind(api.secret("A", "1"), "X")
    gone = api.secret("B", "2")
    api.bind(gone, "Y")
    assert api.client.delete(f"{api.secrets}/{gone['id']}?force=true").status == 204
    api.deploy()
    before = api.client.get(api.bindings).json()
    reply = api.client.put(
        f"{api.bindings}/bulk", {"bindings": before["secret_bindings"], "total": before["total"]}
    )
    assert (reply.status, reply.json()) == (200, before)
    assert not api.is_pending


def test_secrets_of_others_cannot_be_bound(api: Configured, bob: Client) -> None:
    other = Configured.make(api.client, api.queue, "other")
    stranger = Configured.make(bob, api.queue, "strange")
    for foreign in (other.secret("K", "1"), stranger.secret("K", "1")):
        body = {"project_secret_id": foreign["id"], "alias_key": "K"}
        refused = [
            api.client.post(api.bindings, body),
            api.client.put(f"{api.bindings}/bulk", {"bindings": [body]}),
        ]
        assert [reply.status for reply in refused] == [400, 400]
        assert all("project_secret_id" in reply.json()["detail"] for reply in refused)
    assert api.client.get(api.bindings).json()["total"] == 0


def test_a_key_of_the_project_has_these_routes_and_no_others(api: Configured) -> None:
    other = Configured.make(api.client, api.queue, "other")
    theirs = other.secret("K", "1")
    body = {"name": "bound", "scope": "admin", "project_id": api.project_id}
    key = api.client.post("/api/api-keys", body).json()["plaintext_key"]
    mine = Configured(api.client.bearer(key), api.queue, api.project_id, api.service_id)
    mine.bind(mine.secret("K", "2"))
    mine.set("A", "1")
    assert set(mine.resolved()) == {"A", "K"}
    for path in (other.env, other.bindings, f"{other.bindings}/resolved", other.secrets):
        assert mine.client.get(path).status == 404
    assert mine.client.get(f"{other.secrets}/{theirs['id']}/reveal").status == 404
    assert mine.client.get(f"{other.env}/reveal-all").status == 404


def test_a_secret_that_has_gone_gives_nothing(api: Configured) -> None:
    secret = api.secret("K", "1")
    api.bind(secret)
    assert api.client.delete(f"{api.secrets}/{secret['id']}?force=true").status == 204
    assert api.resolved() == {}
    api.deploy()
    assert not api.is_pending
    api.secret("K", "2")
    assert api.is_pending
    assert api.resolved()["K"]["value"] == "2"


def test_an_alias_that_makes_it_too_large(api: Configured) -> None:
    """Linux takes 128 KiB of one variable, its name included."""
    secret = api.secret("K", "x" * (128 * 1024 - 3))
    sent = {"project_secret_id": secret["id"], "alias_key": "LONGER"}
    refused = api.client.post(api.bindings, sent)
    assert refused.status == 400
    assert "LONGER" in refused.json()["detail"]
    many = [{"project_secret_id": secret["id"], "alias_key": name} for name in "ABC"]
    refused = api.client.put(f"{api.bindings}/bulk", {"bindings": many})
    assert "256 KiB" in refused.json()["detail"]
    api.bind(secret)
    assert list(api.resolved()) == ["K"]


def test_two_services_of_two_environments(api: Configured) -> None:
    body = {"name": "stage", "environment": "staging", "git_repository_url": URL}
    other = Configured(
        api.client, api.queue, api.project_id, new_service(api.client, api.project_id, **body)
    )
    secret = api.secret("K", "prod")
    api.secret("K", "stage", "staging")
    for one in (api, other):
        one.bind(secret)
    assert (api.resolved()["K"]["value"], other.resolved()["K"]["value"]) == ("prod", "stage")
