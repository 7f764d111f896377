"""Bodies larger than the proxy should ever hold, and those that never end."""

import asyncio
import hashlib
import http.client
import sys
from collections.abc import Iterator

import aiohttp
import psutil
import pytest

from tests.local.conftest import Proxied, until
from tests.prove import PROVE

MIB = 1 << 20
DOWNLOAD, UPLOAD = 1024 if PROVE else 128, 100
HELD_MOST = 16 * MIB
BLOCK = bytes(range(256)) * (MIB // 256)

STREAMS = """
import asyncio, hashlib, os
from aiohttp import web

BLOCK = bytes(range(256)) * 4096

async def download(request):
    global blocks
    response = web.StreamResponse()
    if "known" in request.query:
        response.content_length = int(request.query["mib"]) * len(BLOCK)
    await response.prepare(request)
    for _ in range(int(request.query["mib"])):
        await response.write(BLOCK)
        blocks += 1
    return response

async def upload(request):
    body = hashlib.sha256()
    async for part in request.content.iter_any():
        body.update(part)
    return web.Response(text=body.hexdigest())

async def refuse(request):
    return web.Response(status=413)

async def events(request):
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    while True:
        await response.write(b"data: %d\\n\\n" % await queue.get())

async def tell(request):
    queue.put_nowait(int(request.query["number"]))
    return web.Response()

async def written(request):
    return web.Response(text=str(blocks))

blocks = 0
queue = asyncio.Queue()
app = web.Application()
for path, handler in (("download", download), ("events", events), ("tell", tell)):
    app.router.add_get(f"/{path}", handler)
app.router.add_get("/", written)
app.router.add_post("/upload", upload)
app.router.add_post("/refuse", refuse)
web.run_app(app, port=int(os.environ["PORT"]), print=None)
"""


@pytest.fixture(scope="module")
def streams(proxied: Proxied) -> str:
    return proxied.serve({"app.txt": STREAMS}, start_command=f"{sys.executable} app.txt")


@pytest.fixture
def connection(proxied: Proxied) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", proxied.port, timeout=60)
    yield made
    made.close()


def memory(proxied: Proxied) -> int:
    return psutil.Process(proxied.process.pid).memory_info().rss


@pytest.mark.parametrize("query", ["", "&known"])
def test_a_download_is_whole_and_held_nowhere(
    proxied: Proxied, streams: str, connection: http.client.HTTPConnection, query: str
) -> None:
    before, size, body = memory(proxied), 0, hashlib.sha256()
    path = f"/download?mib={DOWNLOAD}{query}"
    connection.request("GET", path, headers={"Host": f"{streams}.localhost"})
    answer = connection.getresponse()
    while part := answer.read(MIB):
        size += len(part)
        body.update(part)
        assert memory(proxied) < before + HELD_MOST
    assert size == DOWNLOAD * MIB
    assert body.hexdigest() == digest(DOWNLOAD)


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_is_whole_and_held_nowhere(
    proxied: Proxied, streams: str, connection: http.client.HTTPConnection, chunked: bool
) -> None:
    before = memory(proxied)

    def blocks() -> Iterator[bytes]:
        for _ in range(UPLOAD):
            yield BLOCK
            assert memory(proxied) < before + HELD_MOST

    headers = {"Host": f"{streams}.localhost"}
    if not chunked:
        headers["Content-Length"] = str(UPLOAD * MIB)
    connection.request("POST", "/upload", blocks(), headers, encode_chunked=chunked)
    assert connection.getresponse().read().decode() == digest(UPLOAD)


def digest(blocks: int) -> str:
    body = hashlib.sha256()
    for _ in range(blocks):
        body.update(BLOCK)
    return body.hexdigest()


def test_a_client_that_does_not_read_holds_up_the_app(
    proxied: Proxied, streams: str, connection: http.client.HTTPConnection
) -> None:
    before = memory(proxied)
    headers = {"Host": f"{streams}.localhost"}
    connection.request("GET", "/download?mib=1000000", headers=headers)
    answer = connection.getresponse()
    assert answer.read(MIB) == BLOCK
    until(lambda: proxied.get(streams).text == proxied.get(streams).text)
    assert memory(proxied) < before + HELD_MOST


def test_an_upload_that_the_app_does_not_read(
    streams: str, connection: http.client.HTTPConnection
) -> None:
    headers = {"Host": f"{streams}.localhost"}
    connection.request("POST", "/refuse", BLOCK * 8, headers)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (413, b"")
    connection.request("GET", "/", headers=headers)
    assert connection.getresponse().status == 200


def test_events_arrive_one_by_one(proxied: Proxied, streams: str) -> None:
    async def listen() -> None:
        url, headers = f"http://127.0.0.1:{proxied.port}", {"Host": f"{streams}.localhost"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{url}/events") as events,
        ):
            for number in range(5):
                await session.get(f"{url}/tell?number={number}")
                assert await events.content.readuntil(b"\n\n") == b"data: %d\n\n" % number

    asyncio.run(listen())
