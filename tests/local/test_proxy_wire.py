"""What goes over the proxy's connections, byte by byte."""

import socket
from collections.abc import Iterator

import pytest

from tests.local.conftest import WEB, Proxied

# Says nothing of the length of its answers, which end with the connection.
ENDLESS = """
import os, socket
server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = server.accept()
    if connection.recv(65536):
        connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nto the end")
    connection.close()
"""
# Answers a GET with its target and a POST with its body, after an interim answer.
MIRROR = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(self.path.encode())

    def do_HEAD(self):
        self.answer(b"not sent", send=False)

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body, send=True):
        self.send_response_only(103)
        self.end_headers()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if send else b"")

http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def mirror(proxied: Proxied) -> str:
    return proxied.serve({"Procfile": WEB["Procfile"], "app.py": MIRROR})


@pytest.fixture
def wire(proxied: Proxied) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxied.port), 10) as made:
        yield made


def said(wire: socket.socket, *parts: str) -> bytes:
    """All that is answered to the parts, until the proxy hangs up."""
    wire.sendall("".join(parts).encode())
    return b"".join(iter(lambda: wire.recv(65536), b""))


def asked(line: str, host: str, *fields: str, body: str = "") -> str:
    return "\r\n".join([line, f"Host: {host}.localhost", *fields, "", body])


def test_requests_that_come_at_once_are_answered_in_turn(wire: socket.socket, mirror: str) -> None:
    asks = [asked(f"GET /{number} HTTP/1.1", mirror) for number in range(50)]
    answer = said(wire, *asks, asked("GET /last HTTP/1.1", mirror, "Connection: close"))
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK\r\n")]
    assert bodies == [b"", *(b"/%d" % number for number in range(50)), b"/last"]


def test_one_after_another_host_on_one_connection(wire: socket.socket, mirror: str) -> None:
    answer = said(
        wire,
        asked("GET /mine HTTP/1.1", mirror),
        asked("GET / HTTP/1.1", "nobody", "Connection: close"),
    )
    assert answer.index(b"/mine") < answer.index(b"HTTP/1.1 404 Not Found")


def test_an_old_client_gets_no_chunks(wire: socket.socket, proxied: Proxied) -> None:
    host = proxied.serve({"app.py": ENDLESS})
    answer = said(wire, asked("GET / HTTP/1.0", host, "Connection: keep-alive"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"chunked" not in answer
    assert answer.endswith(b"\r\n\r\nto the end")
    assert proxied.get(host).text == "to the end"


def test_a_head_has_the_length_of_the_body_it_goes_without(
    wire: socket.socket, mirror: str
) -> None:
    answer = said(
        wire,
        asked("HEAD / HTTP/1.1", mirror),
        asked("GET /after HTTP/1.1", mirror, "Connection: close"),
    )
    assert b"Content-Length: 8\r\n" in answer
    assert b"not sent" not in answer
    assert answer.endswith(b"/after")


def test_an_upgrade_that_is_not_for_apps_is_left_out(wire: socket.socket, mirror: str) -> None:
    fields = "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "Content-Length: 4"
    answer = said(wire, asked("POST / HTTP/1.1", mirror, *fields, body="body"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nbody")


def test_a_target_with_its_host_before_it(wire: socket.socket, mirror: str) -> None:
    line = f"GET http://{mirror}.localhost/path?query HTTP/1.1"
    assert said(wire, asked(line, mirror, "Connection: close")).endswith(b"\r\n\r\n/path?query")


@pytest.mark.parametrize(
    "nonsense",
    [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x" * 1_000_000,
    ],
)
def test_what_is_not_http_is_refused(wire: socket.socket, nonsense: str) -> None:
    try:
        answer = said(wire, nonsense)
    except ConnectionError:  # It hangs up without reading on.
        return
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
