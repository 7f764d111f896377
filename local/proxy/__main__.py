"""Run as ``python -m local.proxy --socket PATH --port 8080``.

The supervisor says which instances each host leads to, and says it again at every change; requests
never wait for it.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop

from local.doors import Doors
from local.lifeline import on_parent_end
from local.proxy.client import Client
from local.proxy.proxy import Proxy
from local.proxy.routes import Routes
from local.proxy.visits import Visits

_BACKLOG = 1024
_LAST_SECONDS = 1


async def _serve(options: argparse.Namespace) -> None:
    visits = Visits()
    routes = Routes(options.socket, visits)
    proxy = Proxy(routes, visits, Doors(options.socket.resolve()))
    end = _end()
    duties = [
        asyncio.create_task(duty) for duty in (routes.follow(), routes.report(), proxy.apps.tidy())
    ]
    try:
        async with _listening(proxy, options.host, options.port):
            await end.wait()
    finally:
        for duty in duties:
            duty.cancel()
        await routes.close()


def _end() -> asyncio.Event:
    """What is set when this process shall end."""
    end, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    on_parent_end(lambda: loop.call_soon_threadsafe(end.set))
    return end


@contextlib.asynccontextmanager
async def _listening(proxy: Proxy, host: str, port: int) -> AsyncIterator[None]:
    """Answer clients; at the end, give those that wait a last second."""
    clients: set[Client] = set()
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(
            lambda: Client(proxy.answer, clients), host, port, backlog=_BACKLOG
        )
    except OSError as error:
        raise SystemExit(f"Port {port} cannot be used: {error.strerror}.") from None
    yield
    server.close()
    if work := [each.work for each in clients if each.work]:
        await asyncio.wait(work, timeout=_LAST_SECONDS)
    for client in list(clients):
        client.transport.abort()


def main() -> None:
    """Serve until SIGTERM, SIGINT or the end of stdin."""
    parser = argparse.ArgumentParser(prog="python -m local.proxy", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--host", default="127.0.0.1")
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
