"""The proxy of the local run: ``<name>.localhost:PORT`` leads to the app of that name.

Run as ``python -m local.proxy --socket PATH --port 8080``. The supervisor says which port each
host leads to, and says it again at every change; requests never wait for it.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
from pathlib import Path

import aiohttp
from aiohttp import ClientWebSocketResponse, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from local.doors import Doors
from local.lifeline import on_parent_end
from local.proxy.pages import page
from local.proxy.routes import Routes
from local.proxy.visits import Visits

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_ANSWERED_HERE = {"expect"}
_HANDSHAKE = {
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
}
_HEADER_BYTES = 64 * 1024
_REPEATABLE = {"GET", "HEAD", "OPTIONS"}

_Socket = web.WebSocketResponse | ClientWebSocketResponse


class Proxy:
    """Hands requests on to the instances of the app that the request's host leads to."""

    def __init__(self, routes: Routes, visits: Visits, doors: Doors) -> None:
        self._routes = routes
        self._visits = visits
        # A request with a body cannot be sent twice, so it never goes over a connection that the
        # app may just be closing.
        self._pooled = _session(doors.connector())
        self._fresh = _session(doors.connector(force_close=True))

    async def close(self) -> None:
        """Close the connections to the apps."""
        await self._pooled.close()
        await self._fresh.close()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The app's answer, or a page that says why there is none."""
        name = _name(request.host)
        if self._routes.state(name) is None:
            return page(request, "unknown", request.host.rsplit(":", 1)[0])
        with self._routes.asking(name), self._visits.noting(name, request) as visit:
            answer = await self._answer(request, name)
            visit.status = answer.status
            return answer

    async def _answer(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        """The answer of one instance, of another when the first is just gone."""
        gone: set[int] = set()
        while (port := await self._routes.port(name, gone)) is not None:
            try:
                with self._routes.using(port):
                    return await self._hand_on(request, port)
            except aiohttp.ClientConnectorError:
                gone.add(port)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if request.method not in _REPEATABLE:
                    return page(request, "broken", name)
                gone.add(port)
            except (aiohttp.ClientError, TimeoutError):
                return page(request, "broken", name)
        return page(request, "broken" if gone else self._routes.state(name) or "unknown", name)

    async def _hand_on(self, request: web.BaseRequest, port: int) -> web.StreamResponse:
        url = URL(f"http://127.0.0.1:{port}{_target(request)}", encoded=True)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._join(request, url)
        if request.can_read_body or request.method not in _REPEATABLE:
            return await _relay(self._fresh, request, url)
        try:
            return await _relay(self._pooled, request, url)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            return await _relay(self._fresh, request, url)

    async def _join(self, request: web.BaseRequest, url: URL) -> web.StreamResponse:
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = [each.strip() for each in offered.split(",") if each.strip()]
        headers = _without(_forwarded(request), _HANDSHAKE)
        try:
            theirs = await self._fresh.ws_connect(
                url, headers=headers, protocols=protocols, max_msg_size=0, autoping=False
            )
        except aiohttp.WSServerHandshakeError as refusal:
            return web.Response(status=refusal.status, text=refusal.message)
        async with theirs:
            chosen = [theirs.protocol] if theirs.protocol else []
            ours = web.WebSocketResponse(
                protocols=chosen, max_msg_size=0, autoping=False, compress=False
            )
            await ours.prepare(request)
            await _converse(ours, theirs)
        return ours


class _Answer(web.StreamResponse):
    """An app's answer as it is: an app that names no content type lets the browser find out."""

    async def _prepare_headers(self) -> None:
        named = "Content-Type" in self.headers
        await super()._prepare_headers()
        if not named:
            self.headers.popall("Content-Type", None)


async def _relay(
    session: aiohttp.ClientSession, request: web.BaseRequest, url: URL
) -> web.StreamResponse:
    async with session.request(
        request.method,
        url,
        headers=_forwarded(request),
        data=request.content if request.can_read_body else None,
        allow_redirects=False,
    ) as theirs:
        headers = _end_to_end(theirs.headers)
        answer = _Answer(status=theirs.status, reason=theirs.reason, headers=headers)
        await answer.prepare(request)
        try:
            async for chunk in theirs.content.iter_any():
                await answer.write(chunk)
            await answer.write_eof()
        except (aiohttp.ClientError, OSError):
            _break_off(request)
        return answer


def _break_off(request: web.BaseRequest) -> None:
    """Let the client see that the answer is not whole: half of it looks like the end otherwise."""
    if request.transport:
        request.transport.abort()


async def _converse(ours: web.WebSocketResponse, theirs: ClientWebSocketResponse) -> None:
    ways = [
        asyncio.create_task(_pass_on(ours, theirs)),
        asyncio.create_task(_pass_on(theirs, ours)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pass_on(source: _Socket, target: _Socket) -> None:
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        while True:
            message = await source.receive()
            match message.type:
                case aiohttp.WSMsgType.TEXT:
                    await target.send_str(message.data)
                case aiohttp.WSMsgType.BINARY:
                    await target.send_bytes(message.data)
                case aiohttp.WSMsgType.PING:
                    await target.ping(message.data)
                case aiohttp.WSMsgType.PONG:
                    await target.pong(message.data)
                case _:
                    await target.close(code=_close_code(source), message=_reason(message))
                    return


def _close_code(source: _Socket) -> int:
    """The code to close with: 1005 and 1006 say that there was none, and may not be sent."""
    code = source.close_code
    return {None: 1011, 1005: 1000, 1006: 1011}.get(code, code or 1000)


def _reason(message: aiohttp.WSMessage) -> bytes:
    return message.extra.encode() if isinstance(message.extra, str) else b""


def _name(host: str) -> str:
    return host.rsplit(":", 1)[0].rstrip(".").lower().removesuffix(".localhost")


def _target(request: web.BaseRequest) -> str:
    """Path and query exactly as they came."""
    path = request.raw_path
    return path if path.startswith("/") else request.rel_url.raw_path_qs


def _forwarded(request: web.BaseRequest) -> CIMultiDict[str]:
    headers = _without(_end_to_end(request.headers), _ANSWERED_HERE)
    before = headers.popall("X-Forwarded-For", [])
    headers["X-Forwarded-For"] = ", ".join([*before, request.remote or "unknown"])
    headers["X-Forwarded-Proto"] = "http"
    headers["X-Forwarded-Host"] = request.host
    return headers


def _end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    named = ",".join(headers.getall("Connection", [])).lower().split(",")
    return _without(headers, _HOP_BY_HOP | {name.strip() for name in named})


def _without(
    headers: CIMultiDictProxy[str] | CIMultiDict[str], names: set[str]
) -> CIMultiDict[str]:
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in names
    )


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=["User-Agent", "Accept", "Accept-Encoding", "Content-Type"],
        auto_decompress=False,
        max_line_size=_HEADER_BYTES,
        max_field_size=_HEADER_BYTES,
    )


async def _serve(options: argparse.Namespace) -> None:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    on_parent_end(lambda: loop.call_soon_threadsafe(end.set))
    visits = Visits()
    routes = Routes(options.socket, visits)
    proxy = Proxy(routes, visits, Doors(options.socket.resolve()))
    duties = [asyncio.create_task(duty) for duty in (routes.follow(), routes.report())]
    server = web.Server(
        proxy.answer,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        max_line_size=_HEADER_BYTES,
        max_field_size=_HEADER_BYTES,
    )
    runner = web.ServerRunner(server, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port).start()
    except OSError as error:
        raise SystemExit(f"Port {options.port} cannot be used: {error.strerror}.") from None
    await end.wait()
    for duty in duties:
        duty.cancel()
    await runner.cleanup()
    await proxy.close()
    await routes.close()


def main() -> None:
    """Serve until SIGTERM, SIGINT or the end of stdin."""
    parser = argparse.ArgumentParser(prog="python -m local.proxy", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--host", default="127.0.0.1")
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
