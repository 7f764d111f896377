"""The gateway turns requests into REST proxy events and never falls with the app."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from chalice.app import Chalice, Response
from multidict import CIMultiDict

from local.gateway import LARGEST_BODY, Gateway

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.fixture
def app() -> Any:
    """An app whose every route answers with the event it was called with."""
    app: Any = Chalice("app")
    app.api.binary_types = ["application/octet-stream", "image/png"]

    def echo(**_: str) -> Any:
        return app.current_request.to_original_event()

    def crash() -> None:
        raise SystemExit(3)

    routes = {
        "/v1/things": ["GET", "POST"],
        "/v1/things/{thing_id}": ["GET"],
        "/v1/things/latest": ["GET"],
        "/v1/things/{thing_id}/parts/{part_id}": ["GET"],
        "/v1/{kind}/first/parts/last": ["GET"],
        "/{proxy+}": METHODS,
    }
    for path, methods in routes.items():
        app.route(path, methods=methods, content_types=["*/*"])(echo)
    app.route("/crash")(crash)
    return app


class Caller:
    """Calls the gateway and gives the event that the app saw."""

    def __init__(self, app: Any) -> None:
        self.gateway = Gateway(app)

    def __call__(
        self,
        method: str,
        target: str,
        headers: Any = None,
        body: bytes = b"",
    ) -> Any:
        status, _, answer = self.gateway.handle(method, target, headers or {}, body, "10.1.2.3")
        assert status == 200
        return json.loads(answer)


@pytest.fixture
def call(app: Any) -> Caller:
    return Caller(app)


@pytest.mark.parametrize(
    ("target", "resource", "parameters"),
    [
        ("/v1/things", "/v1/things", {}),
        ("/v1/things/", "/v1/things", {}),
        ("/v1/things?a=/v1/x", "/v1/things", {}),
        ("/v1/thi%6egs", "/v1/things", {}),
        ("/v1/things/latest", "/v1/things/latest", {}),
        ("/v1/things/a", "/v1/things/{thing_id}", {"thing_id": "a"}),
        ("/v1/things/a%2Fb%20c%25+d", "/v1/things/{thing_id}", {"thing_id": "a/b c%+d"}),
        (
            "/v1/things/first/parts/last",
            "/v1/things/{thing_id}/parts/{part_id}",
            {"thing_id": "first", "part_id": "last"},
        ),
        ("/v1/other/first/parts/last", "/v1/{kind}/first/parts/last", {"kind": "other"}),
        ("http://localhost:8000/v1/things?a=b", "/v1/things", {}),
        ("/", "/{proxy+}", {"proxy": ""}),
        ("*", "/{proxy+}", {"proxy": "*"}),
        ("/nothing", "/{proxy+}", {"proxy": "nothing"}),
        ("/v1/foo/bar%20baz", "/{proxy+}", {"proxy": "v1/foo/bar baz"}),
        ("/v1/things//parts/x", "/{proxy+}", {"proxy": "v1/things//parts/x"}),
        ("//v1/things", "/{proxy+}", {"proxy": "/v1/things"}),
        ("/{proxy+}", "/{proxy+}", {"proxy": "{proxy+}"}),
    ],
)
def test_routes(call: Caller, target: str, resource: str, parameters: dict[str, str]) -> None:
    event = call("GET", target)
    assert event["resource"] == event["requestContext"]["resourcePath"] == resource
    assert event["pathParameters"] == parameters


@pytest.mark.parametrize("method", ["HEAD", "DELETE", "OPTIONS"])
def test_other_methods_of_known_paths_go_to_the_catch_all(call: Caller, method: str) -> None:
    event = call(method, "/v1/things")
    assert event["resource"] == "/{proxy+}"
    assert event["pathParameters"] == {"proxy": "v1/things"}
    assert event["requestContext"]["httpMethod"] == event["httpMethod"] == method


def test_the_root_has_its_route(app: Any) -> None:
    app.route("/")(lambda: {"root": True})
    assert Caller(app)("GET", "/") == {"root": True}


def test_without_a_catch_all() -> None:
    app = Chalice("app")
    app.route("/a")(lambda: {})
    status, _, body = Gateway(app).handle("GET", "/b", {}, b"", "")
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})


def test_the_event(call: Caller) -> None:
    event = call("GET", "/v1/things/a%20b?x=1&x=2&y=&z=a%26b+c")
    context = event["requestContext"]
    assert event["path"] == "/v1/things/a b"
    assert context["path"] == "/v1/things/a%20b"
    assert context["identity"]["sourceIp"] == "10.1.2.3"
    assert context["stage"] == "local"
    assert context["requestId"]
    values = {"x": ["1", "2"], "y": [""], "z": ["a&b c"]}
    assert event["multiValueQueryStringParameters"] == values
    assert event["queryStringParameters"] == {"x": "2", "y": "", "z": "a&b c"}
    assert (event["body"], event["isBase64Encoded"]) == (None, False)


@pytest.mark.parametrize("target", ["/v1/things", "/v1/things?"])
def test_no_query_is_none(call: Caller, target: str) -> None:
    event = call("GET", target)
    assert event["multiValueQueryStringParameters"] is None
    assert event["queryStringParameters"] is None


def test_repeated_headers(call: Caller) -> None:
    headers = CIMultiDict([("X-A", "1"), ("x-a", "2"), ("Host", "localhost")])
    event = call("GET", "/v1/things", headers)
    assert event["headers"]["X-A"] == "2"
    assert event["multiValueHeaders"]["X-A"] == ["1", "2"]
    assert event["headers"]["Host"] == "localhost"


def test_text_bodies(call: Caller) -> None:
    event = call("POST", "/v1/things", {"content-type": "application/json"}, "{'é'}".encode())
    assert (event["body"], event["isBase64Encoded"]) == ("{'é'}", False)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("image/png", b"text"),
        ("Image/PNG; a=b", b"\x89PNG"),
        ("application/json", b"\xff\xfe"),
        ("", b"\x80"),
    ],
)
def test_binary_bodies(call: Caller, media_type: str, body: bytes) -> None:
    event = call("POST", "/v1/things", {"Content-Type": media_type}, body)
    assert event["isBase64Encoded"]
    assert base64.b64decode(event["body"]) == body


def test_the_app_sees_the_body_it_was_sent(app: Any) -> None:
    seen = []
    app.route("/up", methods=["POST"], content_types=["*/*"])(
        lambda: seen.append(app.current_request.raw_body)
    )
    for media_type in ("image/png", "text/plain"):
        Gateway(app).handle("POST", "/up", {"Content-Type": media_type}, b"\xff\x00", "")
    assert seen == [b"\xff\x00", b"\xff\x00"]


def test_bodies_that_are_too_large(app: Any) -> None:
    gateway = Gateway(app)
    status, headers, body = gateway.handle("POST", "/v1/things", {}, b"x" * (LARGEST_BODY + 1), "")
    assert (status, json.loads(body)) == (413, {"message": "Request Too Long"})
    assert headers["content-type"] == "application/json"
    assert gateway.handle("POST", "/v1/things", {}, b"x" * LARGEST_BODY, "")[0] == 200


def test_answers(app: Any) -> None:
    headers: dict[str, Any] = {"Set-Cookie": ["a=1", "b=2"], "X-Count": "3", "Content-Length": "99"}
    app.route("/answer")(lambda: Response("né", headers=headers, status_code=201))
    status, answered, body = Gateway(app).handle("GET", "/answer", {}, b"", "")
    assert (status, body) == (201, "né".encode())
    assert answered.getall("set-cookie") == ["a=1", "b=2"]
    assert answered["x-count"] == "3"
    assert answered["content-type"] == "application/json"
    assert "content-length" not in answered


def test_binary_answers(app: Any) -> None:
    app.route("/image")(lambda: Response(b"\x89PNG", headers={"Content-Type": "image/png"}))
    accept = {"Accept": "image/png"}
    assert Gateway(app).handle("GET", "/image", accept, b"", "")[2] == b"\x89PNG"


@pytest.mark.parametrize("answer", [None, {}, {"statusCode": 200}, {"statusCode": "x"}, "text"])
def test_answers_that_are_none(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Chalice("app")
    app.route("/a")(lambda: {})
    gateway = Gateway(app)
    monkeypatch.setattr(type(app), "__call__", lambda *_: answer)
    status, _, body = gateway.handle("GET", "/a", {}, b"", "")
    assert (status, json.loads(body)) == (502, {"message": "Internal server error"})


def test_an_app_that_exits(app: Any) -> None:
    assert Gateway(app).handle("GET", "/crash", {}, b"", "")[0] == 502


def test_requests_do_not_mix(app: Any) -> None:
    together = threading.Barrier(8)

    def slow(name: str) -> dict[str, Any]:
        together.wait(5)
        return {"asked": name, "seen": app.current_request.uri_params["name"]}

    app.route("/slow/{name}")(slow)
    gateway = Gateway(app)
    Gateway(app)  # a second one changes nothing

    def ask(number: int) -> Any:
        return json.loads(gateway.handle("GET", f"/slow/{number}", {}, b"", "")[2])

    with ThreadPoolExecutor(8) as pool:
        for number, seen in enumerate(pool.map(ask, range(8))):
            assert seen == {"asked": str(number), "seen": str(number)}
