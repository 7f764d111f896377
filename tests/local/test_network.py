"""An app's own network: what it reaches, what reaches it, and how it ends in there."""

import asyncio
import contextlib
import socket
import sys

import aiohttp
import httpx
import pytest

from chalicelib.engines.base import Stage
from local.supervisor import sandbox
from tests.local.conftest import APP, WEB, Proxied, Supervised, supervision, until

pytestmark = pytest.mark.skipif(
    not sandbox.has_networks(), reason="sandboxes have no networks of their own on this machine"
)

# Tries what it is asked for: ?direct=HOST:PORT with a socket, ?url=… through its proxy.
PROBE = """
import asyncio, os
import aiohttp
from aiohttp import web

SIZE, CHUNK = 50 * 1024 * 1024, b"z" * 65536

async def direct(request):
    host, port = request.query["to"].rsplit(":", 1)
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, int(port))
    except (OSError, TimeoutError) as error:
        return web.Response(text=f"no: {error!r}")
    writer.close()
    return web.Response(text="yes")

async def asked(request):
    # NO_PROXY is for well-behaved programs: this one asks the proxy for everything.
    async with aiohttp.ClientSession() as session:
        async with session.get(request.query["url"], proxy=os.environ["http_proxy"]) as answer:
            return web.Response(text=f"{answer.status} {await answer.text()}")

async def tunnel(request):
    reader, writer = await asyncio.open_connection("127.0.0.1", 3128)
    writer.write(f"CONNECT {request.query['to']} HTTP/1.1\\r\\n\\r\\n".encode())
    return web.Response(body=await reader.read(65536))

async def events(request):
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    await answer.write(b"data: one\\n\\n")
    await go_on.wait()
    await answer.write(b"data: two\\n\\n")
    return answer

async def goon(request):
    go_on.set()
    return web.Response()

async def download(request):
    answer = web.StreamResponse()
    answer.content_length = SIZE
    await answer.prepare(request)
    for _ in range(SIZE // len(CHUNK)):
        await answer.write(CHUNK)
    return answer

async def upload(request):
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
    return web.Response(text=str(size))

async def chat(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data[::-1])
    return ws

async def port(request):
    return web.Response(text=os.environ["PORT"])

async def main():
    global go_on
    go_on = asyncio.Event()
    app = web.Application(client_max_size=0)
    for handler in (direct, asked, tunnel, events, goon, download, chat, port):
        app.router.add_get(f"/{handler.__name__}", handler)
    app.router.add_get("/", port)
    app.router.add_post("/upload", upload)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


def serve_probe(proxied: Proxied) -> str:
    """An app that runs with this Python, because it needs aiohttp."""
    return proxied.serve({"probe.txt": PROBE}, start_command=f"exec {sys.executable} probe.txt")


@pytest.fixture(scope="module")
def probe(proxied: Proxied) -> str:
    return serve_probe(proxied)


def test_nothing_of_this_machine_is_reached_directly(
    proxied: Proxied, probe: str, operators: int
) -> None:
    neighbour = proxied.get(proxied.serve(WEB, port=3001), "/PORT").text
    mine = socket.gethostbyname(socket.gethostname())
    private = (f"127.0.0.1:{operators}", f"127.0.0.1:{proxied.port}", f"127.0.0.1:{neighbour}")
    for target in (*private, f"{mine}:{operators}", "169.254.169.254:80", "10.0.0.1:80"):
        assert proxied.get(probe, f"/direct?to={target}").text.startswith("no"), target
    own = proxied.get(probe, "/port").text
    assert proxied.get(probe, f"/direct?to=127.0.0.1:{own}").text == "yes"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "192.168.1.1", "2130706433"]
)
def test_the_way_out_refuses_what_is_not_public(
    proxied: Proxied, probe: str, operators: int, host: str
) -> None:
    plain = proxied.get(probe, f"/asked?url=http://{host}:{operators}/").text
    assert plain.startswith("403 ")
    assert "it must lead to a public address." in plain
    tunnelled = proxied.get(probe, f"/tunnel?to={host}:{operators}").text
    assert tunnelled.startswith("HTTP/1.1 403 Forbidden")
    assert "it must lead to a public address." in tunnelled


@pytest.mark.parametrize("target", ["127.0.0.1:x", "a b", "", "[::1"])
def test_the_way_out_survives_nonsense(proxied: Proxied, probe: str, target: str) -> None:
    answer = proxied.get(probe, f"/tunnel?to={target}").text
    assert answer.startswith(("HTTP/1.1 400", "HTTP/1.1 403"))


def test_the_operator_allows_targets(operators: int) -> None:
    with (
        supervision(f"--allow-targets=localhost:{operators}") as supervised,
        contextlib.closing(Proxied(supervised)) as proxied,
    ):
        probe = serve_probe(proxied)
        url = f"/asked?url=http://localhost:{operators}/"
        assert proxied.get(probe, url).text == "200 secret"
        tunnelled = proxied.get(probe, f"/tunnel?to=localhost:{operators}").text
        assert tunnelled.startswith("HTTP/1.1 200")
        assert proxied.get(probe, f"/direct?to=127.0.0.1:{operators}").text == "yes"
        assert proxied.get(probe, f"/asked?url=http://127.0.0.1:{proxied.port}").text[:3] == "403"


def test_the_environment_names_the_way_out(proxied: Proxied) -> None:
    host = proxied.serve(WEB)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        assert proxied.get(host, f"/{name}").text == "http://127.0.0.1:3128"
    assert proxied.get(host, "/NO_PROXY").text == "localhost,127.0.0.1"
    assert proxied.get(host, "/NODE_USE_ENV_PROXY").text == "1"


def test_the_pre_deploy_command_has_the_same_network(
    supervised: Supervised, operators: int
) -> None:
    ask = f"curl -s http://10.0.0.1/; curl -s --noproxy '*' http://127.0.0.1:{operators}/; true"
    release, progress = supervised.run(WEB, pre_deploy_command=ask)
    assert progress.stage is Stage.HEALTHY, progress.message
    log = supervised.log(release)
    assert "The app may not reach 10.0.0.1: it must lead to a public address." in log
    assert "Z secret" not in log


def test_large_bodies_pass(proxied: Proxied, probe: str) -> None:
    size = 50 * 1024 * 1024
    with proxied.client.stream("GET", "/download", headers={"Host": probe}, timeout=60) as answer:
        assert sum(map(len, answer.iter_bytes())) == size
    sent = proxied.client.post("/upload", content=b"u" * size, headers={"Host": probe}, timeout=60)
    assert sent.text == str(size)


def test_events_come_one_by_one(proxied: Proxied, probe: str) -> None:
    with proxied.client.stream("GET", "/events", headers={"Host": probe}) as answer:
        parts = answer.iter_text()
        assert next(parts) == "data: one\n\n"
        httpx.get(f"http://127.0.0.1:{proxied.port}/goon", headers={"Host": probe})
        assert next(parts) == "data: two\n\n"


def test_a_websocket_passes(proxied: Proxied, probe: str) -> None:
    async def talk() -> str:
        url = f"http://127.0.0.1:{proxied.port}/chat"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, headers={"Host": probe}) as ws,
        ):
            await ws.send_str("olleh")
            return await ws.receive_str()

    assert asyncio.run(talk()) == "hello"


def test_a_stop_is_graceful(supervised: Supervised) -> None:
    caught = "import signal, sys\nsignal.signal(15, lambda *_: sys.exit(print('goodbye')))\n"
    release, progress = supervised.run(
        {"Procfile": "web: exec python app.py", "app.py": caught + APP}
    )
    assert progress.stage is Stage.HEALTHY, progress.message
    supervised.engine.cancel_release(release.release_id)
    assert "Z goodbye" in supervised.log(release)


def test_no_door_is_left(supervised: Supervised) -> None:
    release, _ = supervised.run(WEB)
    assert list(supervised.state.glob("s.*"))
    supervised.engine.cancel_release(release.release_id)
    (number,) = supervised.numbers(release)
    until(lambda: not (supervised.state / f"s.{number}").exists())


@pytest.mark.parametrize(
    ("command", "said"),
    [("exit 7", "exit code 7"), ("kill -9 $$", "SIGKILL"), ("kill -11 $$", "SIGSEGV")],
)
def test_how_it_ended_is_told(supervised: Supervised, command: str, said: str) -> None:
    _, progress = supervised.run({"Procfile": f"web: {command}"})
    assert said in (progress.message or "")
