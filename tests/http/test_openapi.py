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


def test_every_answer_has_the_headers(anyone: Client) -> None:
    described = anyone.get("/openapi.json").json()
    for known in described["paths"].values():
        for operation in known.values():
            for status, told in operation["responses"].items():
                name = told.get("$ref", "").rpartition("/")[2]
                answer = described["components"]["responses"].get(name, told)
                expected = {"X-Request-Id", "X-RateLimit-Limit", "RateLimit", "RateLimit-Policy"}
                assert expected <= set(answer["headers"]), (operation["operationId"], status)


def test_posts_take_an_idempotency_key(anyone: Client) -> None:
    described = anyone.get("/openapi.json").json()
    create = described["paths"]["/v1/projects"]["post"]
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in create["parameters"]
    assert {"409", "422"} <= set(create["responses"])
    login = described["paths"]["/api/auth/login"]["post"]
    assert login["parameters"] == []


def test_nothing_of_our_own_spelling_is_left(anyone: Client) -> None:
    assert "epoch-ms" not in anyone.get("/openapi.json").text


def test_examples_fit_their_schemas(anyone: Client) -> None:
    from jsonschema import Draft202012Validator

    described = anyone.get("/openapi.json").json()
    for known in described["paths"].values():
        for operation in known.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                told = body.get("content", {}).get("application/json")
                if told:
                    schema = {**told["schema"], "components": described["components"]}
                    Draft202012Validator(schema).validate(told["example"])
