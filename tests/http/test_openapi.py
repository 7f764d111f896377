"""The description is valid and holds every declared route."""

import re

from openapi_spec_validator import validate

from chalicelib.http.surfaces import all_routes
from tests.client import Client


def test_valid_and_complete(anyone: Client) -> None:
    described = anyone.get("/openapi.json").json()
    validate(described)
    found = {
        (method.upper(), path) for path, known in described["paths"].items() for method in known
    }
    assert found == {(route.method, route.path) for route in all_routes()}


def test_operation_ids_are_unique() -> None:
    names = [route.operation_id for route in all_routes()]
    assert len(names) == len(set(names))


def test_each_operation_is_described(anyone: Client) -> None:
    described = anyone.get("/openapi.json").json()
    for known in described["paths"].values():
        for operation in known.values():
            assert operation["summary"].endswith("."), operation["operationId"]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            assert not body or "$ref" in body["schema"]


def test_ids_and_times_are_the_surfaces_own(anyone: Client) -> None:
    schemas = anyone.get("/openapi.json").json()["components"]["schemas"]
    platform = schemas["platform.ProjectAnswer"]["properties"]
    public = schemas["public.ProjectAnswer"]["properties"]
    typeid = "prj_01m7y0fppje0y9thwrqb1ygz38"
    assert re.match(platform["id"]["pattern"], typeid)
    assert public["id"]["format"] == "uuid"
    assert platform["created_at"]["format"] == "date-time"
