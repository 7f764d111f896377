"""Over TLS: who is called, and who is believed."""

import ssl
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from chalicelib.webhooks import sender
from chalicelib.webhooks.sender import Answer
from tests.webhooks.authority import Authority
from tests.webhooks.conftest import Resolve
from tests.webhooks.receiver import Receiver

HOST = "hooks.example.com"


def send(url: str) -> Answer:
    return sender.send(url, {}, b"{}")


Secure = Callable[[ssl.SSLContext], int]


@pytest.fixture
def secure(receiver: Receiver) -> Iterator[Secure]:
    """Puts TLS before the receiver; answers its port."""
    servers: list[ThreadingHTTPServer] = []

    def start(context: ssl.SSLContext) -> int:
        servers.append(receiver.start(context))
        return receiver.port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that the sender trusts."""
    made = Authority(tmp_path)
    trusted = made.trusted()
    monkeypatch.setattr(sender, "_tls", lambda: trusted)
    return made


def test_over_tls_the_host_is_named_and_the_judged_address_is_called(
    receiver: Receiver, secure: Secure, authority: Authority, resolves: Resolve
) -> None:
    context, named = authority.serving(HOST), []
    context.sni_callback = lambda _, name, __: named.append(name)
    port = secure(context)
    asked = resolves(["127.0.0.1"], ["10.0.0.1"])
    assert send(f"https://{HOST}:{port}/").status == 200
    assert named == asked == [HOST]
    assert receiver.received[0].headers["Host"] == f"{HOST}:{port}"


def test_a_certificate_of_another_host(
    secure: Secure, authority: Authority, receiver: Receiver, resolves: Resolve
) -> None:
    port = secure(authority.serving("other.example.com"))
    resolves(["127.0.0.1"])
    said = send(f"https://{HOST}:{port}/")
    assert said.status is None
    assert "certificate is not valid: Hostname mismatch" in str(said.error)
    assert receiver.received == []


def test_a_certificate_that_is_over(
    secure: Secure, authority: Authority, receiver: Receiver, resolves: Resolve
) -> None:
    port = secure(authority.serving(HOST, days=-1))
    resolves(["127.0.0.1"])
    said = send(f"https://{HOST}:{port}/")
    assert said.error == "The certificate is not valid: certificate has expired"
    assert receiver.received == []


def test_a_certificate_of_nobody_we_trust(
    secure: Secure, tmp_path: Path, receiver: Receiver, resolves: Resolve
) -> None:
    port = secure(Authority(tmp_path).serving(HOST))
    resolves(["127.0.0.1"])
    said = send(f"https://{HOST}:{port}/")
    assert "certificate is not valid: unable to get local issuer" in str(said.error)
    assert receiver.received == []


def test_no_tls_where_it_should_be(receiver: Receiver, resolves: Resolve) -> None:
    resolves(["127.0.0.1"])
    assert send(f"https://{HOST}:{receiver.port}/").error == "TLS could not be agreed on"
