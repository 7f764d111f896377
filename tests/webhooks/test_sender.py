"""Where a request goes, and what is made of answers that a hostile receiver may give."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from chalicelib.webhooks import sender
from chalicelib.webhooks.sender import Answer
from tests.webhooks.conftest import Resolve
from tests.webhooks.receiver import Receiver, Respond

HOST = "hooks.example.com"


def send(url: str) -> Answer:
    return sender.send(url, {"X-Orbitra-Event": "webhook.test"}, b"{}")


def raw(answer: bytes) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)

    return respond


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "::ffff:10.0.0.1",
        "2002:a00:1::",
        "64:ff9b::a9fe:a9fe",
        "fd00:ec2::254",
    ],
)
def test_a_name_that_leads_inside_beside_outside(
    address: str, resolves: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_dial", lambda *_: pytest.fail("it must not be called"))
    resolves(["93.184.215.14", address])
    assert send(f"https://{HOST}/").error == "The URL must lead to a public address"


def test_a_name_that_is_bound_anew_after_it_was_judged(
    receiver: Receiver, resolves: Resolve
) -> None:
    asked = resolves(["127.0.0.1"], ["169.254.169.254"])
    assert send(f"http://{HOST}:{receiver.port}/").status == 200
    assert asked == [HOST]


def test_proxies_of_the_environment_have_no_part_in_it(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Receiver()
    server = proxy.start()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert send(receiver.url).status == 200
    server.shutdown()
    server.server_close()
    assert (len(receiver.received), proxy.received) == (1, [])


def test_a_resolver_that_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    late = threading.Event()
    monkeypatch.setattr(sender, "SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: late.wait(10) and [])
    said = send(f"https://{HOST}/")
    assert not late.is_set()
    late.set()
    assert said.error == "There was no answer within 0.2 seconds"


def test_the_next_address_when_one_does_not_take_it(receiver: Receiver, resolves: Resolve) -> None:
    resolves(["127.0.0.2", "127.0.0.3", "127.0.0.1"])
    assert send(f"http://{HOST}:{receiver.port}/").status == 200


def test_not_every_address_of_a_name_that_has_hundreds(
    monkeypatch: pytest.MonkeyPatch, resolves: Resolve
) -> None:
    called = []

    def refuse(address: str, *_: Any) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(sender, "_dial", refuse)
    resolves([f"127.0.1.{number}" for number in range(200)])
    assert send(f"http://{HOST}/").error == "The connection was refused"
    assert called == [f"127.0.1.{number}" for number in range(sender.MOST_ADDRESSES)]


def test_an_ipv6_literal() -> None:
    receiver = Receiver(address="::1")
    server = receiver.start()
    assert send(f"http://[::1]:{receiver.port}/").status == 200
    server.shutdown()
    server.server_close()
    assert receiver.received[0].headers["Host"] == f"[::1]:{receiver.port}"


def test_a_url_that_is_not_ascii(receiver: Receiver, resolves: Resolve) -> None:
    asked = resolves(["127.0.0.1"])
    assert send(f"http://bücher.example:{receiver.port}/höök/%41?ü=a+b%20c").status == 200
    [received] = receiver.received
    assert asked == ["xn--bcher-kva.example"]
    assert received.headers["Host"] == f"xn--bcher-kva.example:{receiver.port}"
    assert received.path == "/h%C3%B6%C3%B6k/%41?%C3%BC=a+b%20c"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (b"HTTP/1.0 200 OK\r\n\r\nold", 200, "old"),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            200,
            "ok",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 200, "half"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, ""),
        (b"HTTP/1.1 200 OK\r\n\r\n\x00\x1b[31m\xff", 200, "\ufffd\ufffd[31m\ufffd"),
    ],
)
def test_answers(receiver: Receiver, answer: bytes, status: int, body: str) -> None:
    receiver.answers.append(raw(answer))
    said = send(receiver.url)
    assert (said.status, said.body, said.error) == (status, body, None)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"<html>",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: a\r\n" * 50_000 + b"\r\n",
    ],
)
def test_what_is_no_answer(receiver: Receiver, answer: bytes) -> None:
    receiver.answers.append(raw(answer))
    said = send(receiver.url)
    assert (said.status, said.error) == (None, "The answer was not HTTP")


@pytest.mark.parametrize(
    ("head", "more", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096, 200),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1000\r\n" + b"x" * 4096 + b"\r\n",
            200,
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 4096, 200),
        (b"HTTP/1.1 200 OK\r\n", b"A: a\r\n" * 1000, None),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, None),
    ],
)
def test_what_never_ends_is_cut(
    receiver: Receiver, head: bytes, more: bytes, status: int | None
) -> None:
    sent, over = [0], threading.Event()

    def flood(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(head)
            while sent[0] < 2**30:
                handler.wfile.write(more)
                sent[0] += len(more)
        except OSError:
            over.set()

    receiver.answers.append(flood)
    assert send(receiver.url).status == status
    assert over.wait(10)
    assert sent[0] < 2**26


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_a_connection_that_is_reset(receiver: Receiver, begun: bytes) -> None:
    def reset(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(begun)
        at_once = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        socket.close(handler.connection.detach())

    receiver.answers.append(reset)
    said = send(receiver.url)
    if not begun:
        assert said.error == "The connection failed or was closed without an answer"
    assert said.is_success is (said.status == 200)


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        said = send(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert said.error == "The connection was refused"


def test_a_host_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert send(f"https://{HOST}/").error == "The URL must name a host that can be found"
