"""The apps' way out, chained through the proxy that the operator has to use."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import pytest

from chalicelib.security import addresses
from local.supervisor.outlets import Outlet, Target

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Upstream:
    """A proxy that notes what it is asked for and sends back what it gets."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self.answer = answer
        self.asked = b""
        self.got = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        self.got = await reader.read()
        writer.write(b"back: " + self.got)
        writer.close()


def run(
    upstream: Upstream,
    ask: Callable[[Streams], Awaitable[bytes]],
    trusted: Collection[Target] = (),
) -> bytes:
    """Ask an outlet that must use this upstream."""

    async def meet() -> bytes:
        theirs = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
        proxy = f"http://me:p%40ss@127.0.0.1:{theirs.sockets[0].getsockname()[1]}"
        outlet = Outlet((), proxy, trusted)
        async with theirs, await asyncio.start_server(outlet.serve, "127.0.0.1", 0) as ours:
            streams = await asyncio.open_connection(*ours.sockets[0].getsockname())
            try:
                return await ask(streams)
            finally:
                streams[1].close()

    return asyncio.run(asyncio.wait_for(meet(), 10))


def sends(text: str) -> Callable[[Streams], Awaitable[bytes]]:
    """Sends all, closes its half, and reads to the end."""

    async def ask(streams: Streams) -> bytes:
        reader, writer = streams
        writer.write(text.encode())
        writer.write_eof()
        return await reader.read()

    return ask


def test_a_tunnel_leads_to_the_address_that_was_judged() -> None:
    upstream = Upstream()
    answer = run(upstream, sends("CONNECT 1.1.1.1:443 HTTP/1.1\r\nHost: 1.1.1.1\r\n\r\nhello"))
    assert answer == b"HTTP/1.1 200 Connected\r\n\r\nback: hello"
    assert upstream.asked.startswith(b"CONNECT 1.1.1.1:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in upstream.asked


def test_a_plain_request_is_handed_on_without_what_was_for_the_proxy() -> None:
    upstream = Upstream()
    head = "Host: 1.1.1.1\r\nProxy-Connection: keep-alive\r\nX-Mine: 1\r\nContent-Length: 4"
    answer = run(upstream, sends(f"POST http://1.1.1.1/a?b=c HTTP/1.1\r\n{head}\r\n\r\nbody"))
    assert answer.startswith(b"back: POST /a?b=c HTTP/1.1\r\nHost: 1.1.1.1\r\nX-Mine: 1\r\n")
    assert answer.endswith(b"Content-Length: 4\r\nConnection: close\r\n\r\nbody")
    assert upstream.asked.startswith(b"CONNECT 1.1.1.1:80 HTTP/1.1\r\n")


def test_a_trusted_name_is_left_to_the_upstream() -> None:
    upstream = Upstream()
    answer = run(
        upstream,
        sends("CONNECT packages.internal:8443 HTTP/1.1\r\n\r\n"),
        {("packages.internal", 8443)},
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert upstream.asked.startswith(b"CONNECT packages.internal:8443 HTTP/1.1\r\n")


def test_what_goes_past_the_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    upstream = Upstream()
    run(upstream, sends("CONNECT 127.0.0.1:9 HTTP/1.1\r\n\r\n"), {("127.0.0.1", 9)})
    assert upstream.asked == b""


def test_an_upstream_that_refuses() -> None:
    upstream = Upstream(b"HTTP/1.1 407 No\r\n\r\n")
    answer = run(upstream, sends("CONNECT 1.1.1.1:443 HTTP/1.1\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"1.1.1.1 could not be reached" in answer


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "[fd00::1]", "[::ffff:10.0.0.1]"])
def test_the_upstream_is_never_asked_for_what_is_not_public(host: str) -> None:
    upstream = Upstream()
    answer = run(upstream, sends(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert upstream.asked == b""


def test_a_public_address_of_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "SPECIAL_IPV4", [])
    answer = run(Upstream(), sends("CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"it must not lead to this machine." in answer


@pytest.mark.parametrize("text", ["GET / HTTP/1.1\r\n\r\n", "GET", "x" * 100_000, "\r\n\r\n"])
def test_what_is_no_request_to_a_proxy(text: str) -> None:
    assert run(Upstream(), sends(text)).startswith(b"HTTP/1.1 400 ")
