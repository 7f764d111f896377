"""For every route: every credential that will not do, and every id that is not the caller's.

Made from the route table, so that a new route cannot be left out; a kind of resource that the world
does not hold fails. Refused calls change nothing, so one world serves them all.
"""

from collections.abc import Iterator

import pytest

from chalicelib.http.call import SCOPES
from chalicelib.http.limits import strangers
from chalicelib.http.routes import Route
from chalicelib.http.surfaces import all_routes
from tests.client import Client, Reply, make_client
from tests.conftest import make_fresh
from tests.contract.world import Ids, World, everything_stored, make_world

make_client()  # declares the routes

UNKNOWN = "01m7y0fppje0y9thwrqb1ygz38"
GUARDED = [route for route in all_routes() if route.scope]
WITH_IDS = [route for route in GUARDED if route.resources]
NESTED = [route for route in WITH_IDS if len(route.resources) > 1]


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


each_guarded = pytest.mark.parametrize("route", GUARDED, ids=name)
each_with_ids = pytest.mark.parametrize("route", WITH_IDS, ids=name)
each_nested = pytest.mark.parametrize("route", NESTED, ids=name)


@pytest.fixture(scope="module", autouse=True)
def world() -> World:
    make_fresh()
    return make_world()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """The world stays from test to test."""
    strangers.forget()


@pytest.fixture
def _unchanged(world: World) -> Iterator[None]:
    before = everything_stored()
    yield
    assert everything_stored() == before


def ask(client: Client, route: Route, ids: Ids | None = None) -> Reply:
    """Call the route with these ids, else with unknown ones."""
    path = route.path
    for source in route.resources.values():
        found = (ids or {}).get(source.name, f"{source.prefix}_{UNKNOWN}")
        path = path.replace(f"{{{source.name}}}", found)
    return client.call(route.method, path, {} if route.body else None)


def told(reply: Reply) -> str:
    return reply.text.replace(reply.headers["X-Request-Id"], "")


@each_guarded
@pytest.mark.usefixtures("_unchanged")
def test_bad_credentials(world: World, route: Route) -> None:
    for kind, client in world.refused.items():
        reply = ask(client, route, world.mine)
        assert reply.status == 401, kind
        assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", [r for r in GUARDED if r.scope != "read"], ids=name)
@pytest.mark.usefixtures("_unchanged")
def test_too_little_scope(world: World, route: Route) -> None:
    assert route.scope
    for scope in SCOPES[: SCOPES.index(route.scope)]:
        reply = ask(world.keys[scope], route, world.mine)
        assert reply.status == 403
        assert route.scope in reply.text


@pytest.mark.parametrize("route", [r for r in GUARDED if (r.people or r.scope) != "read"], ids=name)
@pytest.mark.usefixtures("_unchanged")
def test_a_viewer(world: World, route: Route) -> None:
    assert ask(world.keys["viewer"], route, world.mine).status == 403


@pytest.mark.parametrize(
    "route", [r for r in GUARDED if r.resources or not r.for_bound_keys], ids=name
)
@pytest.mark.usefixtures("_unchanged")
def test_a_key_of_another_project(world: World, route: Route) -> None:
    expected = 404 if route.resources else 403
    assert ask(world.keys["bound"], route, world.mine).status == expected


@each_with_ids
@pytest.mark.usefixtures("_unchanged")
def test_every_foreign_id_is_the_same_404(world: World, route: Route) -> None:
    assert {source.name for source in route.resources.values()} <= set(world.mine)
    unknown = ask(world.ada, route)
    assert unknown.status == 404
    malformed = {source.name: "x" for source in route.resources.values()}
    other_kind = {source.name: f"dom_{UNKNOWN}" for source in route.resources.values()}
    for ids in (world.theirs, malformed, other_kind):
        reply = ask(world.ada, route, ids)
        assert (reply.status, told(reply)) == (404, told(unknown))


@each_nested
@pytest.mark.usefixtures("_unchanged")
def test_own_parent_with_anothers_child(world: World, route: Route) -> None:
    *_, child = [source.name for source in route.resources.values()]
    unknown = ask(world.ada, route, {**world.mine, child: "x"})
    assert unknown.status == 404
    for others in (world.theirs, world.more):
        reply = ask(world.ada, route, {**world.mine, child: others[child]})
        assert (reply.status, told(reply)) == (404, told(unknown))
