"""What every request gets, whatever it asks for."""

import pytest

from tests.client import Client

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@pytest.mark.parametrize("path", ["/v1/nothing", "/api/nothing", "/", "/v1", "/api", "/v1/health"])
def test_headers(anyone: Client, path: str) -> None:
    reply = anyone.get(path)
    assert reply.headers["X-Request-Id"].startswith("req_")
    assert {name: reply.headers[name] for name in HEADERS} == HEADERS


def test_unknown_path_is_told_in_the_dialect_of_its_prefix(anyone: Client) -> None:
    assert anyone.get("/v1/nothing").json()["error"]["code"] == "not_found"
    assert anyone.get("/api/nothing").json() == {"detail": "The requested resource does not exist"}


def test_wrong_method(anyone: Client) -> None:
    reply = anyone.delete("/v1/projects")
    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, POST"
    assert reply.json()["error"]["code"] == "method_not_allowed"


def test_head_and_options(ada: Client) -> None:
    head = ada.call("HEAD", "/v1/projects")
    assert (head.status, head.text) == (200, "")
    options = ada.call("OPTIONS", "/v1/projects")
    assert options.status == 204
    assert options.headers["Access-Control-Allow-Origin"] == "*"


def test_trailing_slash_and_unknown_query_parameters(ada: Client) -> None:
    assert ada.get("/v1/projects/?colour=blue").status == 200


BAD_BODIES = [
    (b"{", "not valid JSON"),
    (b"[]", "must be a JSON object"),
    (b"null", "must be a JSON object"),
    (b'"x"', "must be a JSON object"),
    (b'{"name": 5}', "name"),
    (b'{"name": ""}', "name"),
    (b'{"name": "   "}', "name"),
    (b'{"name": "a\\u0000b"}', "name"),
    (b'{"name": "x", "reigon": "us-east-1"}', "did you mean region?"),
    (b'{"name": "x", "region": "mars"}', "us-east-1"),
    (b'{"name": "\\ud800"}', ""),
    (b"\xff\xfe", ""),
    (b"[" * 10_000, ""),
]


@pytest.mark.parametrize(("body", "said"), BAD_BODIES, ids=range(len(BAD_BODIES)))
@pytest.mark.parametrize("prefix", ["/v1", "/api"])
def test_bad_bodies(ada: Client, prefix: str, body: bytes, said: str) -> None:
    reply = ada.call("POST", f"{prefix}/projects", body)
    assert reply.status == 400, reply.text
    assert said in reply.text
    assert ada.get("/v1/projects").json()["pagination"]["total"] == 0


def test_read_only_fields_are_let_by(ada: Client) -> None:
    project = ada.post("/v1/projects", {"name": "one"}).json()
    edited = {**project, "name": "two"}
    changed = ada.patch(f"/v1/projects/{project['id']}", edited)
    assert changed.status == 200, changed.text
    assert changed.json()["name"] == "two"


def test_media_types(ada: Client) -> None:
    body = b'{"name":"x"}'
    assert ada.call("POST", "/v1/projects", body, Content_Type="text/xml").status == 415
    utf8 = "application/json; charset=utf-8"
    assert ada.call("POST", "/v1/projects", body, Content_Type=utf8).status == 201


def test_too_large(ada: Client) -> None:
    body = b'{"name":"' + b"x" * (256 * 1024) + b'"}'
    assert ada.call("POST", "/v1/projects", body).status == 413


@pytest.mark.parametrize("query", ["page=0", "page=x", "limit=0", "limit=101", "limit=-1", "page="])
def test_pages_out_of_range(ada: Client, query: str) -> None:
    reply = ada.get(f"/v1/projects?{query}")
    assert reply.status == 400
    field = query.partition("=")[0]
    assert reply.json()["error"]["details"]["fields"][0]["field"] == field


def test_pages(ada: Client) -> None:
    ids = [ada.post("/v1/projects", {"name": f"p{n}"}).json()["id"] for n in range(5)]
    first = ada.get("/v1/projects?limit=2").json()
    second = ada.get("/v1/projects?limit=2&page=2").json()
    third = ada.get("/v1/projects?limit=2&page=3").json()
    fourth = ada.get("/v1/projects?limit=2&page=4").json()
    pages = [first, second, third, fourth]
    assert [one["id"] for page in pages for one in page["data"]] == ids[::-1]
    assert fourth["pagination"] == {"page": 4, "limit": 2, "total": 5}
    assert ada.get("/api/projects?limit=2&offset=4").json()["total"] == 5


@pytest.mark.parametrize("spelling", ["typeid", "uuid", "upper"])
def test_either_spelling_of_an_id(ada: Client, spelling: str) -> None:
    typeid = ada.post("/v1/projects", {"name": "x"}).json()["id"]
    uuid = ada.get("/api/projects").json()["projects"][0]["id"]
    text = {"typeid": typeid, "uuid": uuid, "upper": uuid.upper()}[spelling]
    assert ada.get(f"/v1/projects/{text}").json()["id"] == typeid
    assert ada.get(f"/api/projects/{text}").json()["id"] == uuid


def test_the_same_404(ada: Client, bob: Client) -> None:
    theirs = bob.post("/v1/projects", {"name": "x"}).json()["id"]
    unknown = "prj_01m7y0fppje0y9thwrqb1ygz38"
    wrong_kind = theirs.replace("prj_", "dep_")
    answers = set()
    for text in (theirs, unknown, wrong_kind, "x", "prj_", "%00", "é"):
        reply = ada.get(f"/v1/projects/{text}")
        assert reply.status == 404
        answers.add(reply.text.replace(reply.headers["X-Request-Id"], ""))
    assert len(answers) == 1


def test_parent_is_looked_up_before_the_body_is_read(ada: Client) -> None:
    path = "/v1/projects/prj_01m7y0fppje0y9thwrqb1ygz38/deployments"
    assert ada.post(path, {"nonsense": 1}).status == 404


def test_errors_of_ours_hide_our_insides(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.projects import store

    def broken(*_: object) -> None:
        raise RuntimeError("secret table name")

    monkeypatch.setattr(store, "page", broken)
    reply = ada.get("/v1/projects")
    assert reply.status == 500
    assert "secret" not in reply.text
    assert reply.json()["error"]["code"] == "internal_error"
