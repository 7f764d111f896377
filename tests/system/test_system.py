"""What the platform says of itself: health, status, changes."""

import datetime
from dataclasses import replace

import pytest
from time_machine import Traveller

from chalicelib import engines
from chalicelib.engines.base import EngineUnavailable
from chalicelib.engines.simulated import SimulatedEngine
from chalicelib.features import all_routes
from chalicelib.http.versioning import Deprecation
from chalicelib.system.changes import all_changes
from tests.client import Client
from tests.faults import before, fault


class Broken(SimulatedEngine):
    """An engine that does not answer, and counts how often it is asked."""

    asked = 0

    def check(self) -> None:
        self.asked += 1
        raise EngineUnavailable("broken")


def test_all_is_well(anyone: Client) -> None:
    answer = anyone.get("/v1/status").json()
    assert answer["status"] == "operational"
    assert {one["name"]: one["status"] for one in answer["components"]} == {
        "database": "operational",
        "jobs": "operational",
        "secrets": "operational",
        "apps": "operational",
    }


def test_a_part_is_down(anyone: Client, clock: Traveller) -> None:
    engine = Broken()
    engines.use(engine)
    for _ in range(5):
        answer = anyone.get("/v1/status").json()
        assert answer["status"] == "degraded"
        assert {"name": "apps", "status": "down"} in answer["components"]
    assert engine.asked == 1
    engines.use(SimulatedEngine())
    clock.shift(11)
    assert anyone.get("/v1/status").json()["status"] == "operational"


def test_tables_that_do_not_answer(anyone: Client) -> None:
    with fault(before, times=100):
        reply = anyone.get("/v1/status")
        assert reply.status == 200
        assert {"name": "database", "status": "down"} in reply.json()["components"]
        assert anyone.get("/v1/health").status == 503
    assert anyone.get("/v1/health").json() == {"status": "ok"}


def test_the_changelog_is_newest_first(anyone: Client) -> None:
    found = [change["date"] for change in anyone.get("/v1/changelog").json()["data"]]
    assert found
    assert found == sorted(found, reverse=True)


def test_a_deprecation_is_in_the_changelog() -> None:
    told = Deprecation(datetime.date(2027, 1, 2), datetime.date(2027, 7, 2), "/v2/projects")
    newest = all_changes([replace(all_routes()[0], deprecation=told)])[0]
    assert (newest.kind, newest.sunset) == ("deprecated", told.sunset)
    assert "/v2/projects" in newest.description


def test_the_notice_of_a_deprecation_is_six_months() -> None:
    with pytest.raises(ValueError, match="6 months"):
        Deprecation(datetime.date(2027, 1, 2), datetime.date(2027, 7, 1), "/v2/projects")


def test_a_deprecated_route_says_so(ada: Client, anyone: Client) -> None:
    told = Deprecation(datetime.date(2027, 1, 2), datetime.date(2027, 7, 2), "/v2/projects")
    route = next(one for one in all_routes() if one.operation_id == "platform_list_projects")
    object.__setattr__(route, "deprecation", told)
    try:
        headers = ada.get("/v1/projects").headers
        refused = anyone.get("/v1/projects").headers
        other = ada.get("/v1/workspaces").headers
    finally:
        object.__setattr__(route, "deprecation", None)
    assert headers["Deprecation"] == "@1798848000"
    assert headers["Sunset"] == "Fri, 02 Jul 2027 00:00:00 GMT"
    assert headers["Link"] == '</v2/projects>; rel="successor-version"'
    assert "Deprecation" in refused
    assert "Deprecation" not in other
