"""Two tenants with one of everything, and every kind of credential there is."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.api_keys.store import ApiKey
from chalicelib.store.transaction import Transaction
from chalicelib.workspaces import gate
from chalicelib.workspaces.gate import Gate
from tests.client import Client, make_client

Ids = dict[str, str]


@dataclass
class World:
    """``mine`` and ``more`` are ada's, ``theirs`` are bob's: ids by the names that paths use."""

    ada: Client
    bob: Client
    mine: Ids
    more: Ids
    theirs: Ids
    refused: dict[str, Client] = field(default_factory=dict)
    keys: dict[str, Client] = field(default_factory=dict)


def make_world() -> World:
    """Make it all through the API; limits are lifted."""
    anyone = make_client()
    ada, bob = anyone.register("ada@example.com"), anyone.register("bob@example.com")
    for person in (ada, bob):
        lift_limits(person)
    world = World(
        ada,
        bob,
        make_everything(ada) | make_people(ada, home_of(ada), "carol"),
        make_everything(ada) | make_people(ada, second_home(ada), "dan"),
        make_everything(bob) | make_people(bob, home_of(bob), "erin"),
    )
    world.keys = {scope: ada.key(scope) for scope in ("read", "write", "admin")}
    world.keys["bound"] = bound_key(ada, world.more["project_id"])
    world.keys["viewer"] = member(anyone, ada, "viewer")
    world.refused = bad_credentials(anyone, ada)
    return world


def lift_limits(client: Client) -> None:
    """What an operator does for a partner: an enterprise plan has no limits."""
    Gate.of(tenant_of(client)).update([Gate.plan.set("enterprise"), Gate.version.add(1)])


def tenant_of(client: Client) -> str:
    """The tenant of the client's own workspace."""
    made = client.post("/api/api-keys", {"name": "who", "scope": "read"}).json()
    client.delete(f"/api/api-keys/{made['id']}")
    from chalicelib import ids

    return "live#" + ids.parse("wks", made["workspace_id"])


def make_everything(client: Client) -> Ids:
    """One of each kind; their ids by the names that paths give them."""
    project = client.post("/v1/projects", {"name": "app"}).json()["id"]
    body = {"git_url": "https://github.com/user/repo.git"}
    deployment = client.post(f"/v1/projects/{project}/deployments", body).json()
    key = client.post("/api/api-keys", {"name": "k", "scope": "read"}).json()["id"]
    service_id = deployment["service_id"]
    client.post(f"/api/web-services/{service_id}/push-hook")
    variable = client.post(f"/api/web-services/{service_id}/env", {"key": "A", "value": "1"})
    new = {"key": "K", "value": "v", "scope": "production"}
    secret = client.post(f"/api/projects/{project}/secrets", new).json()["id"]
    path = f"/api/web-services/{service_id}/secret-bindings"
    binding = client.post(path, {"project_secret_id": secret}).json()["id"]
    hook = {"url": "https://example.com/hook", "events": ["billing.invoice.created"]}
    webhook = client.post("/v1/webhooks", hook).json()["id"]
    delivery = client.post(f"/v1/webhooks/{webhook}/test").json()["id"]
    return {
        "project_id": project,
        "deployment_id": deployment["id"],
        "web_service_id": service_id,
        "key_id": key,
        "webhook_id": webhook,
        "delivery_id": delivery,
        "var_id": variable.json()["id"],
        "secret_id": secret,
        "binding_id": binding,
    }


def home_of(client: Client) -> str:
    """The client's personal workspace."""
    return tenant_of(client).partition("#")[2]


def second_home(client: Client) -> str:
    """Another workspace of the same owner."""
    return str(client.post("/v1/workspaces", {"name": "second"}).json()["id"])


def make_people(owner: Client, workspace_id: str, name: str) -> Ids:
    """A member and an invitation of a workspace."""
    person = Client(owner.gateway).register(f"{name}@example.com")
    roles = [Gate.members[user_id(person)].set("member"), Gate.version.add(1)]
    Gate.of(f"live#{workspace_id}").update(roles)
    body = {"email": f"friend-of-{name}@example.com"}
    invited = owner.post(f"/v1/workspaces/{workspace_id}/members", body).json()
    ids = {"workspace_id": workspace_id, "user_id": user_id(person)}
    return {**ids, "invitation_id": invited["id"]}


def bound_key(client: Client, project_id: str) -> Client:
    """An admin key of one project."""
    body = {"name": "bound", "scope": "admin", "project_id": project_id}
    return client.bearer(client.post("/api/api-keys", body).json()["plaintext_key"])


def member(anyone: Client, owner: Client, role: str) -> Client:
    """A person who is a member of the owner's workspace in this role, calling there."""
    made = anyone.post(
        "/api/auth/register",
        {"email": f"{role}@example.com", "password": "correct horse battery", "name": role},
    ).json()
    tenant, client = tenant_of(owner), anyone.bearer(made["access_token"])
    Gate.of(tenant).update([Gate.members[user_id(client)].set(role), Gate.version.add(1)])
    client.headers["X-Workspace-Id"] = tenant.partition("#")[2]
    return client


def bad_credentials(anyone: Client, ada: Client) -> dict[str, Client]:
    """What is refused with 401, by what is wrong with it."""
    removed = member(anyone, ada, "member")
    assert removed.get("/v1/projects").status == 200
    actions = [Gate.members[user_id(removed)].remove(), Gate.version.add(1)]
    Gate.of(tenant_of(ada)).update(actions)
    ended = anyone.bearer(sign_in(anyone, "ada@example.com"))
    assert ended.post("/api/auth/logout").status == 204
    return {
        "nothing": anyone,
        "no token": Client(anyone.gateway, {"Authorization": "Bearer"}),
        "basic": Client(anyone.gateway, {"Authorization": "Basic YTpi"}),
        "nonsense": anyone.bearer("x"),
        "a wrong checksum": anyone.bearer("ak_live_" + "a" * 46),
        "no JWT": anyone.bearer("a.b.c"),
        "expired": expired_key(ada),
        "revoked": revoked_key(ada),
        "removed member": removed,
        "ended session": ended,
    }


def user_id(client: Client) -> str:
    """Who the client is, by its token."""
    import jwt

    text = client.headers["Authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(text, options={"verify_signature": False})
    return str(claims["sub"])


def sign_in(anyone: Client, email: str) -> str:
    """A new access token."""
    person = {"email": email, "password": "correct horse battery"}
    return str(anyone.post("/api/auth/login", person).json()["access_token"])


def expired_key(client: Client) -> Client:
    """A key whose time is over."""
    body = {"name": "old", "scope": "admin", "expires_at": "2099-01-01T00:00:00Z"}
    made = client.post("/api/api-keys", body).json()
    tx = Transaction()
    [key] = [one for one in ApiKey.query(f"{tenant_of(client)}#key") if one.name == "old"]
    tx.change(key, {"valid_until": 1})
    tx.commit()
    return client.bearer(made["plaintext_key"])


def revoked_key(client: Client) -> Client:
    """A key that was good."""
    made = client.post("/api/api-keys", {"name": "gone", "scope": "admin"}).json()
    revoked = client.bearer(made["plaintext_key"])
    assert revoked.get("/v1/users/me").status == 200
    assert client.delete(f"/api/api-keys/{made['id']}").status == 204
    gate.forget()
    return revoked


def everything_stored() -> dict[str, Any]:
    """Every item of every table but the gates, which count calls, and refused reveals."""
    from moto.dynamodb.models import dynamodb_backends

    tables = dynamodb_backends["123456789012"]["us-east-1"].tables
    return {
        f"{name} {pk} {sk}": item.to_json()
        for name, table in tables.items()
        for pk, items in table.items.items()
        for sk, item in items.items()
        if "gate" not in str(sk) and not is_refusal(item)
    }


def is_refusal(item: Any) -> bool:
    """Whether it is an entry of the audit log that says that a reveal was refused."""
    said = item.attrs.get("is_refused")
    return bool(said and said.value)
