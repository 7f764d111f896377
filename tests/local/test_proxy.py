"""The proxy in front of real apps."""

import asyncio
import gzip
import hashlib
import http.client
import json
import sys
from collections.abc import Iterator

import aiohttp
import httpx
import pytest

from tests.local.conftest import WEB, Proxied

# What an app does on each path, in raw sockets and aiohttp: the proxy must not mind.
ODD = """
import asyncio, gzip, hashlib, json, os
from aiohttp import WSMsgType, web

async def echo(request):
    body = hashlib.sha256()
    size = 0
    async for chunk in request.content.iter_any():
        body.update(chunk)
        size += len(chunk)
    return web.json_response({
        "method": request.method, "target": request.raw_path, "size": size,
        "sha256": body.hexdigest(), "headers": [list(pair) for pair in request.headers.items()],
    })

async def answer(request):
    headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Location", "/elsewhere")]
    return web.Response(status=302, headers=headers)

async def slow(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"first")
    await released.wait()
    await response.write(b"second")
    return response

async def release(request):
    released.set()
    return web.Response()

async def broken(request):
    response = web.StreamResponse()
    response.content_length = 100
    await response.prepare(request)
    await response.write(b"half")
    request.transport.abort()
    return response

async def zipped(request):
    return web.Response(body=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})

async def large(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(200):
        await response.write(b"z" * 100_000)
    return response

async def socket(request):
    ws = web.WebSocketResponse(protocols=["chat"])
    await ws.prepare(request)
    async for message in ws:
        if message.data == "close":
            await ws.close(code=4001, message=b"bye")
        elif message.type is WSMsgType.TEXT:
            await ws.send_str(f"{request.host} {message.data}")
        else:
            await ws.send_bytes(message.data)
    return ws

async def refuse(request):
    return web.Response(status=403)

async def main():
    global released
    released = asyncio.Event()
    app = web.Application(client_max_size=0)
    for handler in (answer, slow, release, large, broken, zipped, socket, refuse):
        app.router.add_get(f"/{handler.__name__}", handler)
    app.router.add_route("*", "/{rest:.*}", echo)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""

# Answers once on each connection, promises to keep it open, and closes it.
FICKLE = """
import os, socket
server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = server.accept()
    if connection.recv(65536):
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    connection.close()
"""


@pytest.fixture(scope="module")
def odd(proxied: Proxied) -> str:
    """The host of the odd app, which runs with this Python because it needs aiohttp."""
    return proxied.serve({"odd.txt": ODD}, start_command=f"{sys.executable} odd.txt")


def headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.json()["headers"]}


def test_requests_arrive_as_they_were_sent(proxied: Proxied, odd: str) -> None:
    request = proxied.client.build_request(
        "PATCH",
        "/a%2Fb//c?x=%20y&x=+",
        content=b"body",
        headers=[
            ("Host", f"{odd}.localhost:{proxied.port}"),
            ("X-Forwarded-For", "10.0.0.1"),
            ("Connection", "keep-alive, X-Mine"),
            ("X-Mine", "secret"),
            ("TE", "trailers"),
        ],
    )
    for name in ("accept", "accept-encoding", "user-agent"):
        del request.headers[name]
    answer = proxied.client.send(request)
    assert answer.json()["method"] == "PATCH"
    assert answer.json()["target"] == "/a%2Fb//c?x=%20y&x=+"
    headers = headers_of(answer)
    assert headers == {
        "host": f"{odd}.localhost:{proxied.port}",
        "content-length": "4",
        "x-forwarded-for": "10.0.0.1, 127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": f"{odd}.localhost:{proxied.port}",
    } | {name: value for name, value in headers.items() if name == "connection"}
    assert "x-mine" not in headers


def test_answers_arrive_as_they_were_given(proxied: Proxied, odd: str) -> None:
    answer = proxied.get(odd, "/answer")
    assert answer.status_code == 302
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["location"] == "/elsewhere"
    proxied.client.cookies.clear()


def test_compressed_answers_stay_compressed(proxied: Proxied, odd: str) -> None:
    assert proxied.get(odd, "/zipped").text == "hello"
    assert proxied.get(odd, "/zipped").headers["content-encoding"] == "gzip"


def test_an_app_without_a_content_type_gets_none(proxied: Proxied) -> None:
    host = proxied.serve(WEB)
    assert "content-type" not in proxied.get(host).headers
    assert proxied.client.head("/", headers={"Host": f"{host}.localhost"}).text == ""


def test_large_bodies_in_both_directions(proxied: Proxied, odd: str) -> None:
    def body() -> Iterator[bytes]:
        for number in range(200):
            yield bytes([number]) * 100_000

    sent = b"".join(body())
    headers = {"Host": f"{odd}.localhost"}
    chunked = proxied.client.post("/", content=body(), headers=headers).json()
    assert (chunked["size"], chunked["sha256"]) == (len(sent), hashlib.sha256(sent).hexdigest())
    assert proxied.client.put("/", content=sent, headers=headers).json()["size"] == len(sent)
    assert len(proxied.get(odd, "/large").content) == 20_000_000


def test_compressed_requests_stay_compressed(proxied: Proxied, odd: str) -> None:
    body = gzip.compress(b"hello")
    headers = {"Host": f"{odd}.localhost", "Content-Encoding": "gzip"}
    answer = proxied.client.post("/", content=body, headers=headers).json()
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()


def test_answers_are_streamed(proxied: Proxied, odd: str) -> None:
    headers = {"Host": f"{odd}.localhost"}
    with proxied.client.stream("GET", "/slow", headers=headers) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"first"
        proxied.get(odd, "/release")
        assert b"".join(chunks) == b"second"


def test_half_an_answer_is_not_taken_for_a_whole(proxied: Proxied, odd: str) -> None:
    with pytest.raises(httpx.TransportError):
        proxied.get(odd, "/broken")


def test_a_connection_that_the_app_closed(proxied: Proxied) -> None:
    host = proxied.serve({"app.py": FICKLE})
    headers = {"Host": f"{host}.localhost"}
    for _ in range(30):
        assert proxied.get(host).text == "ok"
        assert proxied.client.post("/", headers=headers).text == "ok"
        assert proxied.client.delete("/", headers=headers).text == "ok"


def test_expect_continue(proxied: Proxied, odd: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxied.port)
    connection.request("POST", "/", b"body", {"Host": f"{odd}.localhost", "Expect": "100-continue"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert answer["size"] == 4


def test_websockets(proxied: Proxied, odd: str) -> None:
    async def talk() -> None:
        url = f"http://127.0.0.1:{proxied.port}"
        headers = {"Host": f"{odd}.localhost"}
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(
                f"{url}/socket", headers=headers, protocols=["other", "chat"]
            ) as ws:
                assert ws.protocol == "chat"
                await ws.send_str("hi")
                assert await ws.receive_str() == f"{odd}.localhost hi"
                await ws.send_bytes(b"\0" * 3_000_000)
                assert len(await ws.receive_bytes()) == 3_000_000
                await ws.send_str("close")
                message = await ws.receive()
                assert (message.data, message.extra) == (4001, "bye")
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"{url}/refuse", headers=headers)

    asyncio.run(talk())
