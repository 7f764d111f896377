"""For every route: no key, a bad key, too little scope, another tenant's id.

Made from the route table, so a new route cannot be left out.
"""

import pytest

from chalicelib.http.call import SCOPES
from chalicelib.http.routes import Route
from chalicelib.http.surfaces import all_routes
from tests.client import Client, make_client

make_client()  # declares the routes

UNKNOWN = "01m7y0fppje0y9thwrqb1ygz38"
GUARDED = [route for route in all_routes() if route.scope]
WITH_IDS = [route for route in GUARDED if route.resources]


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def target(route: Route, ids: dict[str, str] | None = None) -> str:
    """The route's path with ids: those given, else unknown ones."""
    path = route.path
    for source in route.resources.values():
        found = (ids or {}).get(source.name, f"{source.prefix}_{UNKNOWN}")
        path = path.replace(f"{{{source.name}}}", found)
    return path


@pytest.mark.parametrize("route", GUARDED, ids=name)
@pytest.mark.parametrize(
    "credential",
    ["", "Bearer", "Basic YTpi", "Bearer x", "Bearer ak_live_" + "a" * 46, "Bearer a.b.c"],
)
def test_without_good_credentials(anyone: Client, route: Route, credential: str) -> None:
    reply = anyone.call(route.method, target(route), Authorization=credential)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", [r for r in GUARDED if r.scope != "read"], ids=name)
def test_too_little_scope(ada: Client, route: Route) -> None:
    assert route.scope is not None
    narrower = SCOPES[SCOPES.index(route.scope) - 1]
    reply = ada.key(narrower).call(route.method, target(route))
    assert reply.status == 403
    assert route.scope in reply.text


@pytest.mark.parametrize("route", WITH_IDS, ids=name)
def test_unknown_ids(ada: Client, route: Route) -> None:
    assert ada.call(route.method, target(route)).status == 404


@pytest.mark.parametrize("route", WITH_IDS, ids=name)
def test_another_tenants_ids(ada: Client, bob: Client, route: Route) -> None:
    ids = make_everything(bob)
    before = all_of(bob)
    reply = ada.call(route.method, target(route, ids), {"name": "mine"})
    assert reply.status == 404
    assert all_of(bob) == before


@pytest.mark.parametrize("route", [r for r in WITH_IDS if len(r.resources) > 1], ids=name)
def test_own_parent_with_a_foreign_child(ada: Client, bob: Client, route: Route) -> None:
    mine, theirs = make_everything(ada), make_everything(bob)
    *_, child = [source.name for source in route.resources.values()]
    reply = ada.call(route.method, target(route, {**mine, child: theirs[child]}))
    assert reply.status == 404


@pytest.mark.parametrize("route", [r for r in WITH_IDS if len(r.resources) > 1], ids=name)
def test_own_parent_with_the_child_of_another(ada: Client, route: Route) -> None:
    one, other = make_everything(ada), make_everything(ada)
    *_, child = [source.name for source in route.resources.values()]
    reply = ada.call(route.method, target(route, {**one, child: other[child]}))
    assert reply.status == 404


def all_of(client: Client) -> list[str]:
    return [client.get(f"/api/{kind}").text for kind in ("projects", "web-services", "api-keys")]


def make_everything(client: Client) -> dict[str, str]:
    """One of each kind; their ids by the names that paths give them."""
    project = client.post("/v1/projects", {"name": "app"}).json()["id"]
    body = {"git_url": "https://github.com/user/repo.git"}
    deployment = client.post(f"/v1/projects/{project}/deployments", body).json()
    key = client.post("/api/api-keys", {"name": "k", "scope": "read"}).json()["id"]
    return {
        "project_id": project,
        "deployment_id": deployment["id"],
        "web_service_id": deployment["service_id"],
        "key_id": key,
    }
