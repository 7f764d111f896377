"""The HTTP server over a real port."""

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from chalice.app import Chalice, Response

from local.gateway import LARGEST_BODY, Gateway
from local.http_server import HttpServer

TOGETHER = 24


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app: Any = Chalice("app")
    meeting = threading.Barrier(TOGETHER)

    def echo() -> Any:
        return app.current_request.to_original_event()

    app.route("/{proxy+}", methods=["GET", "HEAD", "POST"], content_types=["*/*"])(echo)
    app.route("/wait")(lambda: time.sleep(0.2))
    app.route("/meet")(lambda: meeting.wait(10))
    app.route("/exit")(_exit)
    app.route("/strange")(lambda: Response("x", headers={"X-A": "a\rb"}))
    app.route("/none", methods=["GET"])(lambda: Response("", status_code=204))
    server = HttpServer(Gateway(app), "127.0.0.1", 0)
    yield server.start()
    server.stop()


def _gateway() -> Gateway:
    return Gateway(Chalice("app"))


def _exit() -> None:
    raise SystemExit


@pytest.fixture
def client(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client


def test_a_request(client: httpx.Client) -> None:
    event = client.post("/a%2Fb/c?x=1", content=b"hello", headers={"X-A": "b"}).json()
    assert event["pathParameters"] == {"proxy": "a/b/c"}
    assert event["requestContext"]["path"] == "/a%2Fb/c"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert event["multiValueQueryStringParameters"] == {"x": ["1"]}
    assert event["body"] == "hello"
    assert event["headers"]["X-A"] == "b"


def test_head_is_passed_on(client: httpx.Client) -> None:
    answer = client.head("/a")
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0


def test_an_empty_answer(client: httpx.Client) -> None:
    answer = client.get("/none")
    assert (answer.status_code, answer.content) == (204, b"")


def test_connections_are_kept(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    sockets, times = set(), []
    for _ in range(10):
        started = time.perf_counter()
        connection.request("GET", "/a")
        assert connection.getresponse().read()
        times.append(time.perf_counter() - started)
        sockets.add(connection.sock)
    assert len(sockets) == 1
    assert min(times) < 0.03  # Chalice's own server takes 44 ms for each
    connection.close()


def test_large_bodies(client: httpx.Client) -> None:
    assert client.post("/a", content=b"x" * LARGEST_BODY).status_code == 200
    answer = client.post("/a", content=b"x" * (LARGEST_BODY + 1))
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Too Long"})


def test_large_bodies_of_unknown_length(client: httpx.Client) -> None:
    answer = client.post("/a", content=iter([b"x" * 1024 * 1024] * 11))
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Too Long"})


def test_compressed_bodies_are_passed_on_as_they_are(client: httpx.Client) -> None:
    headers = {"Content-Encoding": "gzip"}
    event = client.post("/a", content=gzip.compress(b"hello"), headers=headers).json()
    assert event["isBase64Encoded"]


def test_requests_run_side_by_side(client: httpx.Client) -> None:
    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = list(pool.map(client.get, ["/meet"] * TOGETHER))
    assert [answer.status_code for answer in answers] == [200] * TOGETHER


@pytest.mark.parametrize("path", ["/exit", "/strange"])
def test_the_server_outlives_the_app(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code >= 500
    assert client.get("/a").status_code == 200


def _raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        return connection.makefile("rb").readline()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET //a/b HTTP/1.1", b"200"),
        (b"GET http://localhost/a HTTP/1.1", b"200"),
        (b"GET /a\x00 HTTP/1.1", b"400"),
        (b"nonsense", b"400"),
    ],
)
def test_strange_requests(port: int, request_line: bytes, status: bytes) -> None:
    answer = _raw(port, request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.split()[1] == status


def test_a_client_that_leaves_early(port: int, client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.get("/a").status_code == 200


def test_a_taken_port(port: int) -> None:
    with pytest.raises(OSError, match="address already in use"):
        HttpServer(_gateway(), "127.0.0.1", port).start()
